"""The literal method of Bosi 2021, iterative Kron reduction with a dense matrix: for small lattices, to compare."""

from __future__ import annotations

import numpy as np

from ionscape.arrays import FloatArray

from .network import Network


def kron_conductance(network: Network) -> float:
    """Logarithm of G between the electrodes, with all other nodes eliminated one by one: Bosi 2021 (11)-(13).

    Memory grows with the square of the number of nodes and time with its cube.

    Args:
        network: the network, whose logarithms may be in any unit of conductance.

    Returns:
        ln G in that unit; -inf without a connection.
    """
    unit = float(network.logarithms.max())
    matrix: FloatArray = np.zeros((network.nodes, network.nodes))
    weights = np.exp(network.logarithms - unit)
    np.add.at(matrix, (network.first, network.second), weights)
    np.add.at(matrix, (network.second, network.first), weights)
    np.fill_diagonal(matrix, 0.0)
    inner = [node for node in range(network.nodes) if node not in (network.source, network.drain)]
    for node in inner:
        links = matrix[node].copy()
        total = links.sum()
        matrix[node] = matrix[:, node] = 0.0
        if total > 0.0:
            neighbours = np.flatnonzero(links)
            added = np.outer(links[neighbours], links[neighbours] / total)
            matrix[np.ix_(neighbours, neighbours)] += added
            np.fill_diagonal(matrix, 0.0)
    with np.errstate(divide="ignore"):
        return unit + float(np.log(matrix[network.source, network.drain]))
