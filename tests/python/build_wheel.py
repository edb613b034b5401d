# SPDX-License-Identifier: MIT
"""The package as others install it: a wheel is built from the source by setuptools, unpacked into a
folder of its own, and its tests run from there, on the simulated device that this runs under.

usage: hlsim run -- python3 build_wheel.py PACKAGE   (77: no setuptools that builds wheels)
"""
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile

NOT_PACKED = shutil.ignore_patterns('build', '*.egg-info', '__pycache__')


def main(package):
    try:
        from setuptools import build_meta
        if not importlib.util.find_spec('setuptools.command.bdist_wheel'):  # since 70.1
            import wheel  # noqa: F401  its bdist_wheel
    except ImportError as error:
        print(f'skipped: {error}: Debian has python3-setuptools and python3-wheel')
        return 77
    with tempfile.TemporaryDirectory() as work:
        source, unpacked = os.path.join(work, 'source'), os.path.join(work, 'unpacked')
        shutil.copytree(package, source, ignore=NOT_PACKED)
        os.chdir(source)
        sys.argv = ['setup.py']
        name = build_meta.build_wheel(work)
        os.chdir(work)
        with zipfile.ZipFile(os.path.join(work, name)) as built:
            names = set(built.namelist())
            built.extractall(unpacked)
        sources = {'hlthunk/' + n for n in os.listdir(os.path.join(package, 'hlthunk'))
                   if n.endswith(('.py', '.typed'))}
        if not sources <= names:
            print('not in the wheel:', *sorted(sources - names))
            return 1
        shutil.copy(os.path.join(package, 'tests', 'test_hlthunk.py'), work)
        done = subprocess.run([sys.executable, 'test_hlthunk.py'], check=False, cwd=work,
                              env={**os.environ, 'PYTHONPATH': unpacked})
        return 1 if done.returncode else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1]))
