#!/usr/bin/env python3
"""Checks the links of the documentation with rustdoc, against what `cargo build` has built.

`cargo doc` would check every dependency once more for that, which takes minutes:

    scripts/doc_links.py

Which file a crate's dependency is, is read from cargo's fingerprints: one that is built for the program and for
what builds it has several.
"""

import json
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

BUILD = ["cargo", "build", "--locked", "--workspace", "--lib", "--bins", "--message-format", "json"]
DEBUG = Path("target/debug")


def build():
    """What the build says of each build script, and the unit that each library is."""
    run = subprocess.run(BUILD, stdout=subprocess.PIPE, text=True, check=False)
    if run.returncode:
        sys.exit(run.returncode)
    messages = [json.loads(line) for line in run.stdout.splitlines()]
    scripts = {m["package_id"]: m for m in messages if m["reason"] == "build-script-executed"}
    units = {}
    for message in messages:
        for name in message.get("filenames", []):
            if name.endswith(".rmeta"):
                units[message["package_id"]] = Path(name).stem.rsplit("-", 1)[1]
    return scripts, units


def fingerprints():
    """The file of each library that was built, by the hash that others know it by."""
    files = {}
    for mark in DEBUG.glob(".fingerprint/*/lib-*"):
        if mark.suffix == ".json":
            continue
        name, unit = mark.name.removeprefix("lib-"), mark.parent.name.rsplit("-", 1)[1]
        for end in (".rlib", ".so", ".dylib"):
            file = DEBUG / "deps" / f"lib{name}-{unit}{end}"
            if file.exists():
                files[mark.read_text()] = file
    return files


def dependencies(package, target, kind, units):
    """The names of a crate's dependencies, each with its hash."""
    name = target["name"] if kind == "bin" else target["name"].replace("-", "_")
    notes = DEBUG.glob(f".fingerprint/{package['name']}-*/{kind}-{name}.json")
    notes = list(notes)
    of_build = [note for note in notes if kind == "lib" and note.parent.name.endswith(units.get(package["id"], "?"))]
    # Of a program, whose file does not say its unit, the newest is that of the build just now.
    newest = max(of_build or notes, key=lambda note: (note.parent / "invoked.timestamp").stat().st_mtime)
    for _, dependency, _, fingerprint in json.loads(newest.read_text())["deps"]:
        yield dependency, fingerprint.to_bytes(8, "little").hex()


def rustdoc(package, target, script, files, units, out):
    """How rustdoc is called for a library or a program."""
    kind = "bin" if "bin" in target["kind"] else "lib"
    args = ["rustdoc", "--crate-name", target["name"].replace("-", "_"), "--edition", target["edition"], target["src_path"]]
    args += ["-o", out, "-D", "warnings", "--crate-type", kind, "-L", f"dependency={DEBUG}/deps"]
    for dependency, fingerprint in dependencies(package, target, kind, units):
        if fingerprint in files:
            args += ["--extern", f"{dependency}={files[fingerprint]}"]
    environment = dict(os.environ, CARGO_PKG_VERSION=package["version"], CARGO_MANIFEST_DIR=os.path.dirname(package["manifest_path"]))
    if script:
        environment.update(script["env"], OUT_DIR=script["out_dir"])
        for cfg in script["cfgs"]:
            args += ["--cfg", cfg]
    return args, environment


def main():
    os.chdir(Path(__file__).resolve().parent.parent)
    scripts, units = build()
    files = fingerprints()
    metadata = ["cargo", "metadata", "--locked", "--no-deps", "--format-version", "1"]
    packages = json.loads(subprocess.run(metadata, check=True, capture_output=True, text=True).stdout)["packages"]
    targets = [(p, t) for p in packages for t in p["targets"] if set(t["kind"]) & {"lib", "bin"}]

    def check(one):
        package, target = one
        with tempfile.TemporaryDirectory() as out:
            args, environment = rustdoc(package, target, scripts.get(package["id"]), files, units, out)
            run = subprocess.run(args, capture_output=True, text=True, env=environment, check=False)
            return run.stderr if run.returncode else ""

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        wrong = [text for text in pool.map(check, targets) if text]
    sys.stderr.write("\n".join(wrong))
    if wrong:
        sys.exit(1)
    print(f"the links in the documentation of {len(targets)} crates lead somewhere")


main()
