//! Which files are checked, and what they are called in findings.

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    fs::File,
    io::{self, Read},
    path::{Component, Path, PathBuf},
};

use config_core::source::{MAX_FILE_BYTES, SourceFile};
use ignore::WalkBuilder;

use crate::Failure;

/// The files to check, by the name that findings show.
#[derive(Debug, Default)]
pub struct Inputs {
    /// Their bytes. Standard input may have the name of a file: an editor checks its unsaved text.
    pub files: BTreeMap<(String, Origin), Vec<u8>>,
    /// What could not be read, with the reason.
    pub unreadable: Vec<String>,
}

/// Where bytes come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    Stdin,
    File,
}

/// Reads `paths`: files as they are, directories for what looks like gateway configuration, and
/// standard input for `-`, then called `stdin_name`. A file that is named twice is read once.
pub fn read_all(paths: &[PathBuf], stdin_name: &str) -> Inputs {
    let mut inputs = Inputs::default();
    for path in paths {
        if path == Path::new("-") {
            if !inputs.files.contains_key(&(stdin_name.to_owned(), Origin::Stdin)) {
                inputs.add(stdin_name.to_owned(), Origin::Stdin, read_stdin());
            }
        } else if path.is_dir() {
            inputs.add_directory(path);
        } else {
            inputs.add(display_name(path), Origin::File, read(path));
        }
    }
    inputs
}

impl Inputs {
    fn add(&mut self, name: String, origin: Origin, read: io::Result<Vec<u8>>) {
        match read {
            Ok(bytes) => drop(self.files.insert((name, origin), bytes)),
            Err(error) => self.unreadable.push(format!("cannot read `{name}`: {error}")),
        }
    }

    /// Hidden entries and what `.gitignore` and `.ignore` exclude are left out, in a repository or
    /// not; the ignore files of the user and the machine do not count, so that a run finds the same
    /// everywhere.
    fn add_directory(&mut self, directory: &Path) {
        for entry in WalkBuilder::new(directory).require_git(false).git_global(false).build() {
            let path = match entry {
                Ok(entry) => entry.into_path(),
                Err(error) => {
                    self.unreadable.push(format!("cannot search `{}`: {error}", display_name(directory)));
                    continue;
                }
            };
            // A link to a file counts as a file: that is how mounted configuration looks.
            if !has_known_extension(&path) || !path.is_file() {
                continue;
            }
            match read(&path) {
                Ok(bytes) if !is_gateway_configuration(&bytes) => {}
                read => self.add(display_name(&path), Origin::File, read),
            }
        }
    }
}

/// Reads one file as it is, or standard input for `-`, then called `stdin_name`.
pub fn read_one(file: &Path, stdin_name: &str) -> Result<SourceFile, Failure> {
    let (name, bytes) = match file == Path::new("-") {
        true => (stdin_name.to_owned(), read_stdin()),
        false => (display_name(file), read(file)),
    };
    let bytes = bytes.map_err(|cause| Failure::Unreadable { path: file.to_owned(), cause })?;
    Ok(SourceFile::from_bytes(name, bytes))
}

/// One byte more than is accepted: enough to be refused as too large, and not read on for ever.
const LIMIT: u64 = MAX_FILE_BYTES as u64 + 1;

/// The bytes of a file.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(LIMIT).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// All of standard input.
pub fn read_stdin() -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    io::stdin().take(LIMIT).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn has_known_extension(path: &Path) -> bool {
    path.extension().and_then(OsStr::to_str).is_some_and(|extension| {
        ["yaml", "yml", "json"].iter().any(|known| extension.eq_ignore_ascii_case(known))
    })
}

/// Relative to the working directory, with forward slashes.
pub fn display_name(path: &Path) -> String {
    let relative = match std::env::current_dir() {
        Ok(here) if path.is_absolute() => relative_to(&here, path),
        _ => path.to_owned(),
    };
    let parts: Vec<_> = relative
        .components()
        .filter(|part| *part != Component::CurDir)
        .map(|part| match part {
            Component::RootDir => "".into(),
            part => part.as_os_str().to_string_lossy(),
        })
        .collect();
    if parts.is_empty() { ".".to_owned() } else { parts.join("/") }
}

/// `path` as seen from `here`; both are absolute.
fn relative_to(here: &Path, path: &Path) -> PathBuf {
    let shared = here.components().zip(path.components()).take_while(|(a, b)| a == b).count();
    let up = here.components().skip(shared).map(|_| Component::ParentDir);
    up.chain(path.components().skip(shared)).collect()
}

/// The keys that tell gateway configuration from other YAML and JSON, and how much each tells:
/// [`ENOUGH`] together are enough. Those that other tools use as well need company.
const TELLING: &[(&str, u32)] = &[
    ("_format_version", 3),
    ("ai-proxy", 2),
    ("ai-proxy-advanced", 2),
    ("config", 1),
    ("consumers", 1),
    ("expression", 1),
    ("hosts", 1),
    ("llm_format", 3),
    ("methods", 1),
    ("path_handling", 3),
    ("paths", 1),
    ("plugins", 1),
    ("preserve_host", 3),
    ("protocols", 1),
    ("regex_priority", 3),
    ("route_type", 3),
    ("routes", 2),
    ("services", 1),
    ("snis", 1),
    ("strip_path", 3),
    ("upstreams", 1),
    ("url", 1),
];
const ENOUGH: u32 = 3;

/// Keys at the top of a file that is something else, whatever it quotes.
const FOREIGN: &[&str] = &["apiVersion", "openapi", "swagger"];

/// Whether the text has the keys of gateway configuration. A test of the text, not of its meaning,
/// so that a file that cannot be parsed is checked, and reported, all the same. NUL bytes are
/// skipped, which finds the keys in UTF-16 as well.
fn is_gateway_configuration(bytes: &[u8]) -> bool {
    let text: Vec<u8> = bytes.iter().copied().filter(|byte| *byte != 0).collect();
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let mut found = vec![false; TELLING.len()];
    let mut told = 0;
    let mut at = 0;
    while at < text.len() {
        if !is_word(&text[at]) {
            at += 1;
            continue;
        }
        let end = text[at..].iter().position(|byte| !is_word(byte)).map_or(text.len(), |length| at + length);
        let word = &text[at..end];
        let starts_line = at == 0 || text[at - 1] == b'\n';
        let is_key = text[end..]
            .iter()
            .find(|byte| !matches!(byte, b'"' | b'\'' | b' ' | b'\t'))
            .is_some_and(|byte| *byte == b':');
        if is_key && starts_line && FOREIGN.iter().any(|key| key.as_bytes() == word) {
            return false;
        }
        let known = TELLING.iter().position(|(key, _)| key.as_bytes() == word);
        // Plugins are named, not keys.
        if let Some(index) = known.filter(|_| is_key || word.starts_with(b"ai-")) {
            told += if found[index] { 0 } else { TELLING[index].1 };
            found[index] = true;
        }
        at = end;
    }
    told >= ENOUGH
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gateway_configuration_is_known_by_its_keys() {
        let yes = [
            "_format_version: \"3.0\"",
            "_format_version: '3.0'\n\tservices: [",
            "- name: a\n  paths: [/a]\n  plugins:\n  - name: ai-proxy\n    config: {}\n",
            "routes:\n  - paths:\n    - /a\n",
            "{\"routes\":[{\"paths\":[\"/a\"]}]}",
            "services:\n- name: a\n  url: http://a\n  plugins: []\n",
            "- name: a\n  paths: [/a]\n  strip_path: false\n",
        ];
        for text in yes {
            assert!(is_gateway_configuration(text.as_bytes()), "{text}");
        }
        let utf16: Vec<u8> = "routes:\n- paths: [/a]\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert!(is_gateway_configuration(&utf16));
    }

    #[test]
    fn files_of_other_tools_are_left_alone() {
        let no = [
            "",
            "version: '3'\nservices:\n  web:\n    image: nginx\n    extra_hosts: [a]\n",
            "openapi: 3.1.0\npaths:\n  /routes:\n    get: {}\nroutes: []\n",
            "{\"compilerOptions\":{\"paths\":{},\"plugins\":[{\"name\":\"next\"}]}}",
            "plugins:\n- mkdocstrings:\n    handlers:\n      python:\n        paths: [src]\n",
            "apiVersion: v1\nkind: ConfigMap\ndata:\n  kong.yaml: |\n    _format_version: \"3.0\"\n",
            "on:\n  push:\n    paths: [src]\njobs:\n  a:\n    services: {}\n",
            "text: the routes and paths of ai-proxy\n",
        ];
        for text in no {
            assert!(!is_gateway_configuration(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn names_are_relative_with_forward_slashes() {
        let here = std::env::current_dir().unwrap();
        assert_eq!(display_name(Path::new("./a/./b.yaml")), "a/b.yaml");
        assert_eq!(display_name(Path::new("../b.yaml")), "../b.yaml");
        assert_eq!(display_name(&here.join("x/b.yaml")), "x/b.yaml");
        assert_eq!(display_name(&here.parent().unwrap().join("b.yaml")), "../b.yaml");
        assert_eq!(display_name(Path::new(".")), ".");
    }
}
