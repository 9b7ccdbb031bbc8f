# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a test cannot do without. Where it is missing the whole program is skipped, so that a test
never passes for having looked at less."""
import ctypes
import importlib
import os
import shutil
import subprocess

CLONE_NEWNET = 0x40000000
PATH = os.environ.get('PATH', '') + ':/usr/sbin:/sbin'


def skip(why):
    print('skipped:', why)
    raise SystemExit(77)  # as meson reads it


def modules(*names):
    for name in names:
        try:
            importlib.import_module(name)
        except ImportError as error:
            skip(f'{error}; ./dev test installs it')


def tools(*names):
    missing = [name for name in names if not shutil.which(name, path=PATH)]
    if missing:
        skip(f'not installed: {" ".join(missing)}; ./dev test installs them')


def own_network():
    """A network namespace, where port 135 is free."""
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
        skip(f'a network namespace needs root ({os.strerror(ctypes.get_errno())})')
    subprocess.run(['ip', 'link', 'set', 'lo', 'up'], check=True)
