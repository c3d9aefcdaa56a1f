//! A wall clock that a test sets, for one process.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

/// The clock. A C compiler is needed to build Switchboard, so the few lines that move a process's
/// clock are compiled here; a package for it would be one more to install.
#[derive(Debug)]
pub struct WallClock {
    folder: TempDir,
}

impl WallClock {
    /// One that goes right.
    pub fn new() -> Self {
        let clock = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        let source = clock.file("clock.c");
        fs::write(&source, include_str!("clock.c")).unwrap();
        let compiled = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .arg(clock.file("clock.so"))
            .arg(source)
            .status();
        assert!(compiled.unwrap().success(), "a C compiler is needed");
        clock.set(0);
        clock
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The environment of a process that lives by it.
    pub fn environment(&self) -> Vec<(String, String)> {
        let path = |name: &str| self.file(name).display().to_string();
        vec![
            ("LD_PRELOAD".to_owned(), path("clock.so")),
            ("TEST_CLOCK_FILE".to_owned(), path("seconds")),
        ]
    }

    /// Sets it to so many seconds before or after the time that it is.
    pub fn set(&self, seconds: i64) {
        // In place: processes have the file mapped.
        let file = fs::File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(self.file("seconds"))
            .unwrap();
        std::os::unix::fs::FileExt::write_all_at(&file, &seconds.to_ne_bytes(), 0).unwrap();
    }
}

impl Default for WallClock {
    fn default() -> Self {
        Self::new()
    }
}
