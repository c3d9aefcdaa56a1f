#!/usr/bin/env python3
"""Checks the links of the documentation with rustdoc, against what `cargo build` has built.

`cargo doc` would check every dependency once more for that, which takes minutes:

    scripts/doc_links.py
"""

import json
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

BUILD = ["cargo", "build", "--locked", "--workspace", "--lib", "--bin", "switchboard", "--message-format", "json"]


def said(command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def built():
    """The file of each library, and where each build script put its files."""
    libraries, made = {}, {}
    run = subprocess.run(BUILD, stdout=subprocess.PIPE, text=True, check=False)
    if run.returncode:
        sys.exit(run.returncode)
    for line in run.stdout.splitlines():
        message = json.loads(line)
        if message["reason"] == "build-script-executed":
            made[message["package_id"]] = message
        if message["reason"] != "compiler-artifact":
            continue
        kinds = set(message["target"]["kind"])
        if kinds & {"lib", "rlib", "proc-macro"}:
            endings = (".so", ".dylib", ".dll") if "proc-macro" in kinds else (".rlib",)
            files = [name for name in message["filenames"] if name.endswith(endings)]
            # One that is built twice, for the machine that builds and for the program, is told last for the program.
            libraries[message["package_id"]] = (files[0], message["features"])
    return libraries, made


def command(package, target, node, libraries, made, out):
    """How rustdoc is called for a library or a program."""
    kind = "bin" if "bin" in target["kind"] else "lib"
    args = ["rustdoc", "--crate-name", target["name"].replace("-", "_"), "--edition", target["edition"], target["src_path"], "-o", out]
    args += ["-D", "warnings", "--crate-type", kind, "-L", "dependency=target/debug/deps"]
    _, features = libraries.get(package["id"], ("", []))
    for feature in features:
        args += ["--cfg", f'feature="{feature}"']
    for dependency in node["deps"]:
        if any(kind["kind"] is None for kind in dependency["dep_kinds"]) and dependency["pkg"] in libraries:
            args += ["--extern", f"{dependency['name']}={libraries[dependency['pkg']][0]}"]
    environment = dict(os.environ, CARGO_PKG_VERSION=package["version"], CARGO_MANIFEST_DIR=os.path.dirname(package["manifest_path"]))
    if package["id"] in made:
        environment["OUT_DIR"] = made[package["id"]]["out_dir"]
        environment.update(made[package["id"]]["env"])
        for cfg in made[package["id"]]["cfgs"]:
            args += ["--cfg", cfg]
    return args, environment


def main():
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
    libraries, made = built()
    metadata = json.loads(said(["cargo", "metadata", "--locked", "--format-version", "1"]))
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    members = [p for p in metadata["packages"] if p["id"] in metadata["workspace_members"]]
    targets = [(p, t) for p in members for t in p["targets"] if set(t["kind"]) & {"lib", "bin"}]

    def check(one):
        package, target = one
        with tempfile.TemporaryDirectory() as out:
            args, environment = command(package, target, nodes[package["id"]], libraries, made, out)
            run = subprocess.run(args, capture_output=True, text=True, env=environment, check=False)
            return run.stderr if run.returncode else ""

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        wrong = [text for text in pool.map(check, targets) if text]
    sys.stderr.write("\n".join(wrong))
    if wrong:
        sys.exit(1)
    print(f"the links in the documentation of {len(targets)} crates lead somewhere")


main()
