//! The keys that seal values, and the file they are kept in.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::envelope::{self, Binding, Sealed};
use crate::secret_text::SecretText;
use crate::{Entropy, VaultError};

struct Key {
    id: String,
    bytes: Zeroizing<[u8; 32]>,
}

/// The keys: the first one seals, all of them open.
pub struct KeyRing {
    keys: Vec<Key>,
}

impl std::fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ids: Vec<_> = self.keys.iter().map(|key| &key.id).collect();
        f.debug_struct("KeyRing").field("ids", &ids).finish()
    }
}

impl KeyRing {
    /// Reads the key file; none where there is no file.
    pub fn load(path: &Path) -> Result<Option<Self>, VaultError> {
        let failed = |detail: String| VaultError::KeyFile {
            path: path.display().to_string(),
            detail,
        };
        match fs::read_to_string(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(error.to_string())),
            Ok(text) => Self::parse(&Zeroizing::new(text)).map(Some).map_err(failed),
        }
    }

    /// Whether it holds the key of this id.
    pub fn holds(&self, id: &str) -> bool {
        self.keys.iter().any(|key| key.id == id)
    }

    /// The id of the key that seals.
    pub fn sealing_id(&self) -> &str {
        self.keys.first().map_or("", |key| key.id.as_str())
    }

    /// Reads the key file; makes it, with one new key and for its owner alone, where there is none.
    ///
    /// The file has one key a line, `id:base64 of 32 bytes`; lines that start with `#` are notes.
    pub fn load_or_create(path: &Path, entropy: Entropy<'_>) -> Result<Self, VaultError> {
        let failed = |detail: String| VaultError::KeyFile {
            path: path.display().to_string(),
            detail,
        };
        let text = match fs::read_to_string(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                match create(path, &new_file(entropy), entropy) {
                    // Another start was first: its key is the one.
                    Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
                    _ => fs::read_to_string(path),
                }
            }
            read => read,
        };
        let text = text.map_err(|error| failed(error.to_string()))?;
        Self::parse(&Zeroizing::new(text)).map_err(failed)
    }

    fn parse(text: &str) -> Result<Self, String> {
        let mut keys: Vec<Key> = vec![];
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let wrong = || {
                format!(
                    "line {} is not `id:base64 of 32 bytes`; restore the file from your backup",
                    number + 1
                )
            };
            let (id, key) = line.split_once(':').ok_or_else(wrong)?;
            let decoded = Zeroizing::new(STANDARD.decode(key).map_err(|_| wrong())?);
            let bytes: [u8; 32] = decoded.as_slice().try_into().map_err(|_| wrong())?;
            if id.is_empty() || keys.iter().any(|key| key.id == id) {
                return Err(wrong());
            }
            keys.push(Key {
                id: id.to_owned(),
                bytes: Zeroizing::new(bytes),
            });
        }
        if keys.is_empty() {
            return Err("it holds no key; restore it from your backup".to_owned());
        }
        Ok(Self { keys })
    }

    /// Seals a value for the place it is kept in.
    pub fn seal(
        &self,
        binding: Binding<'_>,
        secret: &SecretText,
        entropy: Entropy<'_>,
    ) -> Result<Sealed, VaultError> {
        let key = self.keys.first().ok_or(VaultError::Tampered)?;
        let mut nonce = [0; 12];
        entropy(&mut nonce);
        Ok(Sealed {
            key_id: key.id.clone(),
            bytes: envelope::seal(&key.bytes, nonce, binding, secret.expose().as_bytes())?,
        })
    }

    /// Opens a value that was sealed for this place.
    pub fn open(&self, binding: Binding<'_>, sealed: &Sealed) -> Result<SecretText, VaultError> {
        let key = self
            .keys
            .iter()
            .find(|key| key.id == sealed.key_id)
            .ok_or_else(|| VaultError::UnknownKey(sealed.key_id.clone()))?;
        let plain = envelope::open(&key.bytes, binding, &sealed.bytes)?;
        String::from_utf8(plain)
            .map(SecretText::new)
            .map_err(|_| VaultError::Tampered)
    }
}

fn new_file(entropy: Entropy<'_>) -> Zeroizing<String> {
    let mut id = [0; 4];
    entropy(&mut id);
    let mut key = Zeroizing::new([0; 32]);
    entropy(&mut key[..]);
    Zeroizing::new(format!(
        "# The keys that seal Switchboard's secrets. Keep a copy apart from the database:\n\
         # without this file no secret can be read.\n{}:{}\n",
        hex::encode(id),
        *Zeroizing::new(STANDARD.encode(&key[..]))
    ))
}

/// Makes the key file, whole or not at all, and waits until it is on disk, its name included.
/// Never replaces a file: a lost key is lost secrets.
fn create(path: &Path, text: &str, entropy: Entropy<'_>) -> io::Result<()> {
    // Written under a name of its own first, so that neither a crash nor a full disk leaves
    // half a key behind, and no other start reads one.
    let mut suffix = [0; 8];
    entropy(&mut suffix);
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}.new", hex::encode(suffix)));
    let beside = Path::new(&beside);
    let written = write(beside, text).and_then(|()| fs::hard_link(beside, path));
    let removed = fs::remove_file(beside);
    match written {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return Err(error),
        // Some file systems have no hard links.
        Err(_) => write(path, text)?,
        Ok(()) => removed?,
    }
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

/// Writes a new file for its owner alone.
fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Says what is wrong with a key file's permissions, if others can read it.
pub fn file_problem(path: &Path) -> Option<String> {
    let mode = fs::metadata(path).ok()?.permissions().mode() & 0o777;
    (mode & 0o077 != 0).then(|| {
        format!(
            "the key file {} can be read by others (mode {mode:04o}); run `chmod 600` on it",
            path.display()
        )
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests {
    use std::cell::Cell;

    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    /// Bytes that differ from call to call.
    fn counting() -> impl Fn(&mut [u8]) {
        let next = Cell::new(0u8);
        move |buffer| {
            for byte in buffer {
                next.set(next.get().wrapping_mul(31).wrapping_add(7));
                *byte = next.get();
            }
        }
    }

    fn binding<'a>(row: &'a str, environment: &'a str) -> Binding<'a> {
        Binding {
            workspace: Uuid::nil(),
            row,
            environment,
        }
    }

    fn ring() -> KeyRing {
        KeyRing::parse(&new_file(&counting())).unwrap()
    }

    #[test]
    fn the_file_is_made_once_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        let entropy = counting();
        let first = KeyRing::load_or_create(&path, &entropy).unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(file_problem(&path), None);
        let sealed = first
            .seal(
                binding("a", "b"),
                &SecretText::new("x".to_owned()),
                &entropy,
            )
            .unwrap();
        let again = KeyRing::load_or_create(&path, &entropy).unwrap();
        assert_eq!(
            again.open(binding("a", "b"), &sealed).unwrap().expose(),
            "x"
        );
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(file_problem(&path).unwrap().contains("chmod 600"));
    }

    #[test]
    fn a_broken_file_is_refused_and_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        for text in [
            "",
            "# only notes\n",
            "id\n",
            "id:short\n",
            "a:AAAA\na:AAAA\n",
        ] {
            fs::write(&path, text).unwrap();
            assert!(
                KeyRing::load_or_create(&path, &counting()).is_err(),
                "{text:?}"
            );
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
    }

    #[test]
    fn starts_at_the_same_time_agree_on_one_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        // The other start comes between this one's look and its writing.
        let first = counting();
        let late = |buffer: &mut [u8]| {
            if !path.exists() {
                KeyRing::load_or_create(&path, &first).unwrap();
            }
            buffer.fill(1);
        };
        let ring = KeyRing::load_or_create(&path, &late).unwrap();
        let again = KeyRing::load_or_create(&path, &late).unwrap();
        assert_eq!(format!("{ring:?}"), format!("{again:?}"));
        assert_ne!(ring.keys[0].id, "01010101");
        let names = fs::read_dir(folder.path()).unwrap();
        assert_eq!(names.count(), 1, "nothing is left beside the file");
    }

    #[test]
    fn a_new_key_seals_and_the_old_one_still_opens() {
        let entropy = counting();
        let (old, new) = (new_file(&entropy), new_file(&entropy));
        let before = KeyRing::parse(&old).unwrap();
        let after = KeyRing::parse(&format!("{}{}", *new, *old)).unwrap();
        let secret = SecretText::new("x".to_owned());
        let place = binding("a", "b");
        let sealed = before.seal(place, &secret, &entropy).unwrap();
        assert_eq!(after.open(place, &sealed).unwrap().expose(), "x");
        let sealed = after.seal(place, &secret, &entropy).unwrap();
        let error = before.open(place, &sealed).unwrap_err();
        assert!(matches!(&error, VaultError::UnknownKey(id) if *id == after.keys[0].id));
        assert!(error.to_string().contains(&after.keys[0].id));
    }

    #[test]
    fn a_value_is_bound_to_its_workspace() {
        let (ring, entropy) = (ring(), counting());
        let here = binding("a", "b");
        let secret = SecretText::new("x".to_owned());
        let sealed = ring.seal(here, &secret, &entropy).unwrap();
        let elsewhere = Binding {
            workspace: Uuid::max(),
            ..here
        };
        let error = ring.open(elsewhere, &sealed).unwrap_err();
        assert!(matches!(error, VaultError::Tampered));
        let again = ring.seal(here, &secret, &entropy).unwrap();
        assert_ne!(sealed, again, "the same value is never sealed alike");
    }

    #[test]
    fn a_cut_value_does_not_open() {
        let (ring, entropy) = (ring(), counting());
        let secret = SecretText::new("hunter2".to_owned());
        let sealed = ring.seal(binding("a", "b"), &secret, &entropy).unwrap();
        assert!(!format!("{sealed:?}").contains("hunter2"));
        for length in 0..sealed.bytes.len() {
            let mut cut = sealed.clone();
            cut.bytes.truncate(length);
            assert!(ring.open(binding("a", "b"), &cut).is_err(), "{length}");
        }
    }

    #[test]
    fn debugging_shows_ids_only() {
        let text = new_file(&counting());
        let key = text.trim().rsplit(':').next().unwrap().to_owned();
        assert!(!format!("{:?}", KeyRing::parse(&text).unwrap()).contains(&key));
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens_in_its_place_only(plain in ".{0,80}", row in "[a-z/]{1,8}", environment in "[a-z]{1,8}", at in 0usize..1000, bit in 0u8..8) {
            let (ring, entropy) = (ring(), counting());
            let sealed = ring.seal(binding(&row, &environment), &SecretText::new(plain.clone()), &entropy).unwrap();
            let opened = ring.open(binding(&row, &environment), &sealed).unwrap();
            prop_assert_eq!(opened.expose(), plain.as_str());
            // Moved by one character between the parts of its place, it does not open.
            let moved = format!("{row}{}", &environment[..1]);
            prop_assert!(ring.open(binding(&moved, &environment[1..]), &sealed).is_err());
            let mut changed = sealed;
            let at = at % changed.bytes.len();
            changed.bytes[at] ^= 1 << bit;
            prop_assert!(ring.open(binding(&row, &environment), &changed).is_err());
        }
    }
}
