//! The built Studio, inside the binary: its files by their paths. `make run` builds it into
//! `studio/dist` first; without that there are none.

use std::borrow::Cow;

use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "../../studio/dist"]
struct Files;

/// The page that every address of the Studio starts with.
pub const INDEX: &str = "index.html";

/// One file.
#[derive(Debug, Clone)]
pub struct File {
    /// What is in it.
    pub data: Cow<'static, [u8]>,
    /// Its media type.
    pub content_type: &'static str,
    /// What names this content, for `ETag`: hexadecimal digits.
    pub digest: String,
}

/// The file at a path without the slash before it, such as `assets/index-abc.js`.
pub fn file(path: &str) -> Option<File> {
    let found = Files::get(path)?;
    Some(File {
        content_type: content_type(path),
        digest: hex::encode(&found.metadata.sha256_hash()[..16]),
        data: found.data,
    })
}

/// Whether the Studio was built before this binary was.
pub fn is_built() -> bool {
    Files::get(INDEX).is_some()
}

/// Media types of what a build makes.
fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "woff" => "font/woff",
        "txt" => "text/plain; charset=utf-8",
        "wasm" => "application/wasm",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_and_styles_have_types_that_browsers_run() {
        for (path, expected) in [
            ("index.html", "text/html; charset=utf-8"),
            ("assets/index-abc.js", "text/javascript; charset=utf-8"),
            ("assets/index.d.css", "text/css; charset=utf-8"),
            ("assets/inter.woff2", "font/woff2"),
            ("LICENSE", "application/octet-stream"),
        ] {
            assert_eq!(content_type(path), expected, "{path}");
        }
    }

    #[test]
    fn nothing_outside_the_build_is_a_file() {
        for path in [
            "",
            "../package.json",
            "/etc/passwd",
            "assets/../../build.rs",
        ] {
            assert!(file(path).is_none(), "{path}");
        }
        assert_eq!(is_built(), file(INDEX).is_some());
    }
}
