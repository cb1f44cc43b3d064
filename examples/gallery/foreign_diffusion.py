"""Gunawan 2024 ESI, Tables 1 and 2: the constant D of the foreign ion from the profile and D of lithium (S79)."""

from comparison import print_table, relative

from ionscape.relations import foreign_diffusion_coefficient

# ESI Table 1: n of Li in the zone, D of Li at the front and in the zone, e E/(k_B T) in the bulk, gradient at the front
TABLE_1 = {
    "K": (1.96e27, 3.72e-19, 1.10e-22, -1.427e3, 1.19e36),
    "Rb": (1.12e27, 7.08e-19, 1.00e-23, -3.97e3, 3.30e35),
    "Cs": (4.2e26, 7.08e-19, 2.62e-23, -3.40e3, 3.43e35),
}
TABLE_2 = {"K": (2.01e-22, 1.87e-22), "Rb": (1.00e-21, 0.90e-21), "Cs": (1.43e-21, 1.36e-21)}  # S79, best match

rows = []
for ion, (density, at_front, in_zone, field, gradient) in TABLE_1.items():
    here = float(foreign_diffusion_coefficient(
        native_density_bulk=1.4e28, native_density_zone=density, native_density_gradient=gradient,
        native_diffusion_bulk=3.9e-17, native_diffusion_front=at_front, native_diffusion_zone=in_zone,
        bulk_potential_gradient=field,
    ))  # fmt: skip
    evaluated, best = TABLE_2[ion]
    rows += [
        relative(f"D of {ion}, S79 / (m²/s)", "ESI Table 2", evaluated, here),
        relative(f"D of {ion}, S79 beside the best match / (m²/s)", "ESI Table 2", best, here),
    ]
print_table(rows)
