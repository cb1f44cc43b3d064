"""The foreign diffusion coefficient that a measured depth profile implies (Gunawan 2024, eq. 3)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ionscape.arguments import finite, non_negative, nonzero, positive
from ionscape.arrays import FloatArray
from ionscape.errors import InputError
from ionscape.relations.conduction import thermal_voltage


def reduced_potential_gradient(*, voltage: ArrayLike, length: ArrayLike, temperature: ArrayLike) -> FloatArray:
    """Gradient of the reduced potential in a layer, E = -(U / length) e / (k_B T) [1/m].

    `voltage` U [V] is the drop of the potential over `length` [m] towards larger depth, `temperature` in K; all
    broadcast. In the bulk U = U_R - ΔU_D and length = L - L_D. The papers call E the field times e/(k_B T); by its sign
    it is the gradient ∂φ/∂x times e/(k_B T), negative where positive ions drift inwards.

    Raises:
        InputError: a length or a temperature of 0 or below.

    Source: Gunawan 2024 ESI, below (S 69).
    """
    return -finite("voltage", voltage) / positive("length", length) / thermal_voltage(temperature)


def foreign_diffusion_coefficient(
    *,
    native_density_zone: ArrayLike,
    native_density_bulk: ArrayLike,
    native_diffusion_zone: ArrayLike,
    native_diffusion_front: ArrayLike,
    native_diffusion_bulk: ArrayLike,
    bulk_potential_gradient: ArrayLike,
    native_density_gradient: ArrayLike,
) -> FloatArray:
    """Constant diffusion coefficient of the foreign ion from the native one and the shape of the diffusion front.

        D2 = D1B (nB + nD)/(nB - nD) · nB / (4 (D1B/D1F) nB - (4/EB) ∇n - (nB + nD)) - D1D nD/(nB - nD)

    ======  ======================================================================  =======  =====
    D2      diffusion coefficient of the foreign ion in the replacement zone        m²/s     (...)
    D1B     native ion in the bulk: `native_diffusion_bulk`                         m²/s     (...)
    D1F     native ion in the middle of the diffusion front, n = (nB + nD)/2        m²/s     (...)
    D1D     native ion in the replacement zone: `native_diffusion_zone`             m²/s     (...)
    nB      native density in the bulk                                              1/m³     (...)
    nD      native density that stays in the replacement zone (the plateau)         1/m³     (...)
    EB      ∂φ/∂x · e/(k_B T) in the bulk, negative: see
            `reduced_potential_gradient`                                            1/m      (...)
    ∇n      gradient of the native density in the middle of the front, positive     1/m⁴     (...)
    ======  ======================================================================  =======  =====

    Three layers with constant total flux: the zone and the bulk without gradients, and the middle of the front, where
    density and field are taken as the means of zone and bulk and the foreign ion's share of the flux is neglected
    (S 75 to S 77). It therefore holds for D1F much larger than D2 in the front, as an estimate.

    Raises:
        InputError: a plateau that is not below the bulk density, a density, native coefficient or gradient of the
            wrong sign, or a front too steep or too flat for the three layers (no positive denominator).

    Source: Gunawan 2024 (eq. 3); Gunawan 2024 ESI (S 79), arguments in its Table 1.
    """
    zone = non_negative("native_density_zone", native_density_zone)
    bulk = positive("native_density_bulk", native_density_bulk)
    diffusion_zone = non_negative("native_diffusion_zone", native_diffusion_zone)
    diffusion_front = positive("native_diffusion_front", native_diffusion_front)
    diffusion_bulk = positive("native_diffusion_bulk", native_diffusion_bulk)
    field = nonzero("bulk_potential_gradient", bulk_potential_gradient)
    gradient = finite("native_density_gradient", native_density_gradient)
    replaced = bulk - zone
    if np.any(replaced <= 0):
        raise InputError(
            "must be below the native density of the bulk", key="native_density_zone", value=float(np.max(zone)),
            bound=f"native_density_bulk = {float(np.min(bulk)):.6g} 1/m^3",
        )  # fmt: skip
    # (nB + nD) EZ/EB: what the flux balance in the middle of the front gives for the zone's field EZ (S 78).
    zone_field_term = 4 * diffusion_bulk / diffusion_front * bulk - 4 * gradient / field - (bulk + zone)
    if np.any(zone_field_term <= 0):
        raise InputError(
            "the field in the replacement zone would point against that in the bulk",
            key="native_density_gradient",
            value=float(np.max(gradient)),
            remedy="check the sign of bulk_potential_gradient (negative) and the diffusion coefficient in the front",
        )
    total = diffusion_bulk * bulk * (bulk + zone) / zone_field_term
    return (total - diffusion_zone * zone) / replaced
