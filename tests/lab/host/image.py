# SPDX-License-Identifier: LGPL-2.1-or-later
"""The guest's image: Debian's kernel, an initramfs and an ext4 root.

Built from the machine's own apt sources and nothing else, once, into a folder whose
name is a hash of all that it is made from (plus the kernel's version). Three files:
`vmlinuz`, `initrd` and `root.ext4`. An image folder appears complete or not at all.
"""

import fcntl
import hashlib
import io
import lzma
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from needs import LAB, Refusal, names, run

# What the initramfs must load before the root file system can be mounted.
EARLY_MODULES = ["virtio_blk", "virtio_pci", "ext4", "9p", "9pnet_virtio"]

INIT = """#!/bin/busybox sh
b=/bin/busybox
$b mount -t proc proc /proc
$b mount -t devtmpfs dev /dev
for m in $($b cat /modules/order); do $b insmod /modules/$m; done
case " $($b cat /proc/cmdline) " in *" lab.probe "*)
    # The host only asks whether a guest really boots with this accelerator.
    echo LAB-PROBE-OK; $b poweroff -f;;
esac
n=0; while [ ! -b /dev/vda ] && [ $n -lt 500 ]; do $b sleep 0.02; n=$((n + 1)); done
$b mount -t ext4 -o rw,noatime /dev/vda /root || { echo "lab: no root file system"; $b poweroff -f; }
$b mount --move /dev /root/dev
$b umount /proc
exec $b switch_root /root /sbin/init
"""


def cache():
    """Where images and results are kept; $LAB_CACHE lets several checkouts share one."""
    folder = Path(os.environ.get("LAB_CACHE") or LAB.parent.parent / ".lab-cache").resolve()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def kernel_package():
    """The newest generic kernel that apt offers, as (package, version).

    By the metapackages (linux-image-6.12-amd64), resolved to what they depend on.
    scsi_debug's error injection needs 6.7; bookworm's own linux-image-amd64 is older.
    """
    architecture = run("dpkg", "--print-architecture").strip()
    if architecture != "amd64":
        raise Refusal(f"the lab's guest is amd64 only, this machine is {architecture}")
    offered = run("apt-cache", "pkgnames", "linux-image-").split()
    metas = {}
    for name in offered:
        found = re.fullmatch(r"linux-image-(\d+)\.(\d+)-amd64", name)
        if found:
            metas[(int(found[1]), int(found[2]))] = name
    if "linux-image-amd64" in offered:
        policy = run("apt-cache", "policy", "linux-image-amd64")
        found = re.search(r"Candidate: (\d+)\.(\d+)", policy)
        if found:
            metas.setdefault((int(found[1]), int(found[2])), "linux-image-amd64")
    if not metas:
        return None
    if max(metas) < (6, 7):
        raise Refusal(f"the newest kernel that apt offers is {metas[max(metas)]}; the lab needs 6.7 or later")
    depends = run("apt-cache", "depends", "--important", metas[max(metas)])
    package = re.search(r"Depends: (linux-image-\S+)", depends)
    version = package and re.search(r"Candidate: (\S+)", run("apt-cache", "policy", package[1]))
    return (package[1], version[1]) if version else None


def recipe_hash():
    """A hash of everything in this folder that shapes the image."""
    digest = hashlib.sha256()
    parts = [Path(__file__), *sorted(path for path in (LAB / "guest").rglob("*")
                                     if path.is_file() and path.name != "agent")]
    for part in parts:
        digest.update(f"{part.relative_to(LAB)} {part.stat().st_mode & 0o111:o}\n".encode())
        digest.update(part.read_bytes())
    return digest.hexdigest()[:12]


def find(kernel=None):
    """The image of this checkout's recipe, with that kernel if one is named; or None."""
    prefix = f"image-{recipe_hash()}-"
    if kernel:
        exact = cache() / (prefix + kernel[0].removeprefix("linux-image-"))
        return exact if exact.is_dir() else None
    fitting = sorted(cache().glob(prefix + "*"), key=lambda path: path.stat().st_mtime)
    return fitting[-1] if fitting else None


def sources():
    """The machine's Debian sources as one-line entries, whatever file they stand in."""
    shown = run("apt-get", "indextargets", "--format", "$(ORIGIN)|$(REPO_URI)|$(RELEASE)|$(COMPONENT)",
                "Created-By: Packages")
    keyring = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
    option = f"[signed-by={keyring}] " if keyring.exists() else ""
    suites = {}
    for line in shown.splitlines():
        origin, address, suite, component = line.split("|")
        if origin == "Debian":
            suites.setdefault((address, suite), []).append(component)
    return [f"deb {option}{address} {suite} {' '.join(sorted(set(components)))}"
            for (address, suite), components in suites.items()]


def unpack_kernel(package, folder):
    """Fetches the kernel's package and unpacks the image and the wanted modules."""
    run("apt-get", "download", "-q", package, cwd=folder)
    deb = next(folder.glob("linux-image-*.deb"))
    version = package.removeprefix("linux-image-").replace("-unsigned", "")
    base = f"./lib/modules/{version}"
    wanted = [f"./boot/vmlinuz-{version}", f"./boot/System.map-{version}", f"{base}/modules.builtin",
              f"{base}/modules.builtin.modinfo", f"{base}/modules.order"]
    for name in names(LAB / "guest" / "modules"):
        wanted.append(f"{base}/kernel/{name}" + (".xz" if name.endswith(".ko") else ""))
    tree = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(deb)], stdout=subprocess.PIPE)
    # tar ends with 2 when a wanted name is not in this kernel; the rest is unpacked all the same.
    told = subprocess.run(["tar", "-x", "-C", str(folder), *wanted], stdin=tree.stdout, capture_output=True, text=True)
    tree.stdout.close()
    if tree.wait() != 0 or not (folder / f"boot/vmlinuz-{version}").exists():
        raise Refusal(f"cannot unpack {deb.name}: {told.stderr[-1000:]}")
    deb.unlink()
    # A guest under software emulation unpacks xz slowly, so it is done here, once.
    for packed in (folder / "lib/modules" / version).rglob("*.ko.xz"):
        packed.with_suffix("").write_bytes(lzma.decompress(packed.read_bytes()))
        packed.unlink()
    return version


def debootstrap(root):
    """The guest's user space."""
    codename = re.search(r"^VERSION_CODENAME=(\S+)", Path("/etc/os-release").read_text(), re.M)
    if not codename:
        raise Refusal("/etc/os-release names no VERSION_CODENAME: the lab needs Debian")
    lines = sources()
    if not lines:
        raise Refusal("apt knows no Debian source (run apt-get update as root)")
    acquire = run("apt-config", "dump", "--format", '%F "%v";%n', "Acquire::http", "Acquire::https", "Acquire::ftp")
    options = tempfile.NamedTemporaryFile("w", suffix=".conf")
    options.write("\n".join(line for line in acquire.splitlines() if not line.endswith(' "";')) + "\n"
                  'APT::Install-Recommends "false";\nAcquire::Languages "none";\n')
    options.flush()
    with options:
        done = subprocess.run(
            ["mmdebstrap", "--mode=root", "--variant=minbase", "--format=directory",
             "--include=" + ",".join(names(LAB / "guest" / "packages")),
             f"--aptopt={options.name}", "--dpkgopt=force-unsafe-io",
             *(f"--dpkgopt=path-exclude=/usr/share/{part}/*" for part in ("doc", "man", "locale", "info")),
             "--skip=cleanup/reproducible",
             codename[1], str(root), *lines],
            capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise Refusal("mmdebstrap failed:\n" + done.stderr[-4000:])


def furnish(root):
    """What the lab changes in the fresh root."""
    for leftover in ("etc/apt/apt.conf.d/99mmdebstrap", "etc/dpkg/dpkg.cfg.d/99mmdebstrap"):
        (root / leftover).unlink(missing_ok=True)
    shutil.copytree(LAB / "guest" / "overlay", root, dirs_exist_ok=True, symlinks=True)
    for folder in ("lab", "out", "debs"):
        (root / folder).mkdir(exist_ok=True)
    (root / "etc/hostname").write_text("lab\n")
    (root / "etc/hosts").write_text("127.0.0.1 localhost lab\n::1 localhost\n")
    (root / "etc/fstab").write_text("")
    (root / "etc/machine-id").write_text("6d706170696c61626d706170696c6162\n")
    units = root / "etc/systemd/system"
    for unit in names(LAB / "guest" / "masked"):
        (units / unit).unlink(missing_ok=True)
        (units / unit).symlink_to("/dev/null")
    run("chroot", str(root), "systemctl", "disable", "-q", *names(LAB / "guest" / "disabled"))
    run("chroot", str(root), "systemctl", "enable", "-q", "lab.service")
    run("chroot", str(root), "passwd", "-d", "root")


def archive(entries):
    """A newc cpio archive of (name, mode, bytes)."""
    out = io.BytesIO()
    for number, (name, mode, data) in enumerate([*entries, ("TRAILER!!!", 0, b"")], 1):
        encoded = name.encode() + b"\0"
        fields = [number, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(encoded), 0]
        out.write(b"070701" + b"".join(b"%08x" % field for field in fields) + encoded)
        out.write(b"\0" * (-out.tell() % 4) + data)
        out.write(b"\0" * (-out.tell() % 4))
    return out.getvalue()


def initramfs(root, version):
    """busybox and the few modules that lead to the root file system."""
    entries = [(name, 0o040755, b"") for name in ("bin", "dev", "proc", "root", "modules")]
    entries.append(("bin/busybox", 0o100755, (root / "bin/busybox").read_bytes()))
    entries.append(("init", 0o100755, INIT.encode()))
    order = []
    for module in EARLY_MODULES:
        shown = run("chroot", str(root), "modprobe", "-S", version, "--show-depends", module)
        for line in shown.splitlines():
            words = line.split()
            if words[0] == "insmod" and Path(words[1]).name not in order:
                order.append(Path(words[1]).name)
                entries.append((f"modules/{order[-1]}", 0o100644, (root / words[1].lstrip("/")).read_bytes()))
    entries.append(("modules/order", 0o100644, ("\n".join(order) + "\n").encode()))
    return archive(entries)


def assemble(folder, kernel):
    """Makes the three files of an image in `folder`."""
    root, unpacked, failures = folder / "root", folder / "kernel", []
    unpacked.mkdir()
    version = []

    def fetch():
        try:
            version.append(unpack_kernel(kernel[0], unpacked))
        except Exception as error:  # carried to the thread that waits for us
            failures.append(error)

    fetching = threading.Thread(target=fetch)
    fetching.start()
    try:
        debootstrap(root)
    finally:
        fetching.join()
    if failures:
        raise failures[0]
    shutil.copytree(unpacked / "lib/modules", root / "usr/lib/modules", dirs_exist_ok=True)
    shutil.copy(unpacked / f"boot/System.map-{version[0]}", root / "tmp/System.map")
    run("chroot", str(root), "depmod", "-F", "/tmp/System.map", version[0])
    (root / "tmp/System.map").unlink()
    furnish(root)
    shutil.copy(unpacked / f"boot/vmlinuz-{version[0]}", folder / "vmlinuz")
    (folder / "initrd").write_bytes(initramfs(root, version[0]))
    used = int(run("du", "-sm", "--apparent-size", str(root)).split()[0])
    run("mke2fs", "-q", "-t", "ext4", "-O", "^has_journal,^metadata_csum", "-E", "lazy_itable_init=1,root_owner=0:0",
        "-m", "0", "-L", "lab", "-d", str(root), str(folder / "root.ext4"), f"{used * 5 // 4 + 512}M")
    shutil.rmtree(root)
    shutil.rmtree(unpacked)
    return version[0]


def build(force=False, newest_kernel=True):
    """Gives the folder of the image, building it first if there is none.

    With `newest_kernel`, an image with an older kernel than apt now offers does not
    count; without, what was built from this recipe serves, and apt is not asked.
    """
    with open(cache() / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        kernel = kernel_package() if newest_kernel else None
        present = find(kernel)
        if present and not force:
            return present
        if os.geteuid() != 0:
            raise Refusal("there is no image for this checkout yet and building one needs root: "
                          "run `tests/lab/lab build` as root once")
        if not kernel_package() or not sources():
            run("apt-get", "update", "-q")
        kernel = kernel_package()
        if not kernel:
            raise Refusal("apt offers no linux-image-*-amd64")
        started = time.monotonic()
        target = cache() / f"image-{recipe_hash()}-{kernel[0].removeprefix('linux-image-')}"
        print(f"# lab: building {target.name}", file=sys.stderr)
        work = Path(tempfile.mkdtemp(prefix="building-", dir=cache()))
        work.chmod(0o755)
        try:
            assemble(work, kernel)
            for old in cache().glob("image-*"):
                # An image of another recipe may serve another checkout: keep it for a week.
                if old == target or time.time() - old.stat().st_mtime > 7 * 86400:
                    shutil.rmtree(old)
            work.rename(target)
        finally:
            shutil.rmtree(work, ignore_errors=True)
        size = (target / "root.ext4").stat().st_blocks * 512 >> 20
        print(f"# lab: built in {time.monotonic() - started:.0f} s, {size} MB", file=sys.stderr)
        return target
