# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a test cannot do without. Where it is missing the whole program is skipped, so that a test
never passes for having looked at less."""
import importlib
import os
import shutil

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
