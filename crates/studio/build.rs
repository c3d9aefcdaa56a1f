//! Makes the folder of the built Studio where it is missing, so that the server also builds without
//! Node, and builds it again when the Studio was built anew.

use std::path::Path;

fn main() -> std::io::Result<()> {
    let dist = Path::new("../../studio/dist");
    std::fs::create_dir_all(dist)?;
    println!("cargo:rerun-if-changed=../../studio/dist");
    Ok(())
}
