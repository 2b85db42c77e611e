//! The house rules, for the whole repository: dependency edges, module docs, sizes, ASCII, no
//! unfinished marks, unsafe code in one place, no file that nothing reaches.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const FILE_LINES_MAX: usize = 600;

/// What each crate may depend on among ours; dev-dependencies included.
const EDGES: [(&str, &[&str]); 5] = [
    ("engine", &["fanfold-engine"]),
    ("protocol", &[]),
    ("client", &["fanfold-protocol"]),
    ("server", &["fanfold-engine", "fanfold-protocol"]),
    ("benches", &["fanfold-client", "fanfold-engine", "fanfold-protocol"]),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// All Rust files of the workspace, with their text.
fn sources() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for (folder, _) in EDGES {
        collect(&root().join(folder), &mut found);
    }
    assert!(50 < found.len(), "the tree was found");
    found.into_iter().map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("target") {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn check(rule: &str, broken: impl Fn(&Path, &str) -> bool) {
    let sources = sources();
    let files: Vec<_> =
        sources.iter().filter(|(path, text)| broken(path, text)).map(|(path, _)| path).collect();
    assert!(files.is_empty(), "{rule}: {files:#?}");
}

#[test]
fn dependency_edges_are_as_designed() {
    for (folder, allowed) in EDGES {
        let manifest = fs::read_to_string(root().join(folder).join("Cargo.toml")).unwrap();
        let names = ["engine", "protocol", "client", "server", "benches"];
        for name in names.map(|name| format!("fanfold-{name}")) {
            let depends = manifest.lines().any(|line| {
                line.strip_prefix(name.as_str()).is_some_and(|rest| rest.starts_with(['.', ' ']))
            });
            let is_allowed = allowed.contains(&name.as_str());
            assert!(!depends || is_allowed, "{folder} must not depend on {name}");
        }
    }
    let engine = fs::read_to_string(root().join("engine/Cargo.toml")).unwrap();
    assert!(!engine.contains("tokio"), "the engine knows no runtime");
}

#[test]
fn every_file_opens_with_a_module_doc() {
    check("no module doc", |_, text| !text.starts_with("//! "));
}

#[test]
fn files_are_small() {
    check("too long", |_, text| FILE_LINES_MAX < text.lines().count());
}

#[test]
fn sources_are_ascii() {
    check("not ASCII", |_, text| {
        text.lines().any(|line| !line.is_ascii() && !line.trim_start().starts_with("//"))
    });
}

#[test]
fn nothing_is_left_unfinished() {
    let marks = ["TO", "FIX", "XX", "todo", "unimplemented"];
    let marks = marks.into_iter().zip(["DO", "ME", "X", "!(", "!("]);
    let marks: Vec<_> = marks.map(|(a, b)| format!("{a}{b}")).collect();
    check("unfinished mark", |_, text| marks.iter().any(|mark| text.contains(mark.as_str())));
}

#[test]
fn unsafe_code_lives_in_one_module() {
    let word = ["un", "safe"].concat();
    let is_home = |path: &Path| path.ends_with("engine/src/storage/mapping.rs");
    check("unsafe code", |path, text| {
        let uses = |line: &str| {
            let code = line.split("//").next().unwrap_or_default();
            code.contains(&format!("{word} {{")) || code.contains(&format!("{word} fn"))
        };
        !is_home(path) && text.lines().any(uses)
    });
}

/// Only the disk storage touches files in the engine, and only its map module maps them. (Pages are
/// memory, of no file.)
#[test]
fn the_engine_reaches_files_through_its_storage() {
    check("files behind the storage's back", |path, text| {
        let in_engine = path.starts_with(root().join("engine/src"));
        let homes = ["storage/disk.rs", "storage/mapping.rs", "storage/pages.rs"];
        let is_disk = homes.iter().any(|home| path.ends_with(home));
        let touches = text.contains("std::fs") || text.contains("memmap2::");
        in_engine && !is_disk && touches
    });
}

/// A file that no `mod` line names is dead: the compiler never sees it.
#[test]
fn every_source_file_is_reached() {
    let declared: BTreeSet<_> =
        sources().iter().flat_map(|(path, text)| declared_modules(path, text)).collect();
    check("reached by no mod line", |path, _| {
        let is_module = path.components().any(|part| part.as_os_str() == "src");
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let is_root = ["lib", "main"].contains(&name.as_str())
            || path.parent().is_some_and(|parent| parent.ends_with("src/bin"));
        let module =
            if name == "mod" { path.parent().unwrap().to_owned() } else { path.with_extension("") };
        is_module && !is_root && !declared.contains(&module)
    });
}

/// The modules that a file declares, as paths without extension.
fn declared_modules(path: &Path, text: &str) -> Vec<PathBuf> {
    let name = path.file_stem().unwrap().to_string_lossy().into_owned();
    let beside = path.parent().unwrap();
    let within = match name.as_str() {
        "lib" | "main" | "mod" => beside.to_owned(),
        _ => beside.join(name),
    };
    let by_path = text.lines().filter_map(|line| {
        let file = line.trim().strip_prefix("#[path = \"")?.strip_suffix(".rs\"]")?;
        Some(beside.join(file))
    });
    let by_name = text.lines().filter_map(|line| {
        let (before, rest) = line.trim().split_once("mod ")?;
        let is_declaration = before.is_empty() || before.starts_with("pub");
        is_declaration.then(|| rest.strip_suffix(';').map(|name| within.join(name)))?
    });
    by_path.chain(by_name).collect()
}

#[test]
fn the_top_level_holds_what_it_should() {
    let allowed = [
        ".ci",
        ".git",
        ".github",
        ".gitignore",
        "ARCHITECTURE.md",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "Cargo.lock",
        "Cargo.toml",
        "LICENSE",
        "README.md",
        "benches",
        "client",
        "clippy.toml",
        "deny.toml",
        "engine",
        "protocol",
        "rustfmt.toml",
        "server",
        "target",
    ];
    for entry in fs::read_dir(root()).unwrap() {
        let name = entry.unwrap().file_name().to_string_lossy().into_owned();
        assert!(allowed.contains(&name.as_str()), "{name} does not belong at the top level");
    }
}
