# SPDX-License-Identifier: LGPL-2.1-or-later
import ctypes


def nft(commands):
    """Through the library: the program may not be installed."""
    library = ctypes.CDLL("libnftables.so.1")
    library.nft_ctx_new.restype = ctypes.c_void_p
    context = ctypes.c_void_p(library.nft_ctx_new(0))
    try:
        assert library.nft_run_cmd_from_buffer(context, commands.encode()) == 0, commands
    finally:
        library.nft_ctx_free(context)
