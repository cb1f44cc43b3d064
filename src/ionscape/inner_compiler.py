"""How kernels are compiled that other kernels alone call: translated and optimised, without machine code of their own.

numba makes machine code of every function together with all that it calls, so that what lies six calls deep goes
through that six times, for copies that nobody runs: a fifth of the time of compilation. Leaving out the optimisation
before the last one too would save as much again, but change which products and sums the processor fuses, and with them
last digits.
"""

from __future__ import annotations

import ctypes
from typing import Any, cast

from llvmlite import binding
from numba.core import compiler
from numba.core.codegen import JITCodeLibrary

ENVIRONMENT = "_ZN08NumbaEnv"
"""How names begin of the variables for which numba asks every library: one address for each function."""


class InnerLibrary(JITCodeLibrary):
    """A function and those that it calls as optimised, and machine code of nothing but its variables."""

    def _finalize_final_module(self) -> None:
        optimised: Any = self._final_module
        address = f"i{8 * ctypes.sizeof(ctypes.c_void_p)}"
        names = [each.name for each in optimised.global_variables if each.name.startswith(ENVIRONMENT)]
        variables: Any = binding.parse_assembly("\n".join(f'@"{name}" = common global {address} 0' for name in names))
        variables.triple, variables.data_layout = optimised.triple, str(optimised.data_layout)
        variables.name = optimised.name
        self._final_module = variables
        super()._finalize_final_module()
        self._final_module = optimised


class InnerCompiler(compiler.Compiler):
    """numba's own compiler, whose library is an `InnerLibrary`."""

    def define_pipelines(self) -> Any:
        """The usual passes."""
        state: Any = cast(Any, self).state
        if state.library is None:
            state.library = InnerLibrary(state.targetctx.codegen(), state.func_id.func_qualname)
            state.library.enable_object_caching()
        return super().define_pipelines()
