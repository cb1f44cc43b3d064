"""Stress of two strengthened glasses after each of their baths; illustrative."""

from comparison import EXAMPLES, beside, print_table, size
from matplotlib.figure import Figure

import ionscape as isc
from ionscape.figures import save

GLASSES = {"strengthened-aluminosilicate": "K for Na", "li-na-k-strengthened": "Na for Li, K for Na"}
SETTINGS = isc.Settings(relative_tolerance=size(page=1e-3, full=3e-4, coarse=1e-3), snapshots_per_stage=30)
VENDOR = {  # Saiwei Glass, a guide to chemically strengthened glass: aluminosilicates, potassium for sodium
    "K for Na, bath 2: compression of the surface / MPa": "600 to 1200",
    "K for Na, bath 2: depth of layer / µm": "20 to 100",
}

figure = Figure(figsize=(8.6, 3.6), layout="constrained")
rows = []
for axes, (name, label) in zip(figure.subplots(1, 2), GLASSES.items(), strict=True):
    stress = isc.plate_stress(isc.simulate(isc.load_experiment(EXAMPLES / f"{name}.toml"), settings=SETTINGS))
    for number, end in enumerate(stress.summary()["stages"]):
        profile = stress.dataset["stress"].sel(time=end["end"], method="nearest") / 1e6
        axes.plot(profile["depth"] * 1e6, profile, color=f"C{number}", label=f"after bath {number + 1}")
        for what, value in (("compression of the surface / MPa", -end["surface_stress"] / 1e6),
                            ("depth of layer / µm", end["depth_of_layer"] * 1e6),
                            ("tension of the middle / MPa", end["central_stress"] / 1e6)):  # fmt: skip
            quantity = f"{label}, bath {number + 1}: {what}"
            stated = VENDOR.get(quantity, "")
            rows.append(beside(quantity, "a vendor's range" if stated else "", stated, value))
    axes.axhline(0.0, color="black", lw=0.5)
    axes.set(xlim=(0, 150), xlabel="depth / µm", ylabel="stress / MPa", title=label)
    axes.legend(frameon=False, fontsize=9, loc="lower right")
save(figure, "exchange_strengthening.png")
print_table(rows, "stated")
