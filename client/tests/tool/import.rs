//! Import and export: counting, resuming, refusing, and coming back whole.
//!
//! The fake server remembers keys as a real one does, so a post that is there twice was sent under
//! two keys.

use std::process::Stdio;

use serde_json::json;

use crate::fake::Fake;
use crate::workbench::{Bench, objects, posts, stderr, times};

#[test]
fn an_import_loads_both_files_counts_refusals_and_names_ids() {
    let bench = Bench::new();
    bench.fake.state().followees_max = Some(2);
    bench.write("graph.tsv", "1\t7\n1\t8\n1\t9\nbroken\n2\t7\n2\t7\n");
    bench.write("posts.jsonl", &format!("{}{{\"author\":7}}\nnonsense\n", posts(3)));
    let line = "import --graph graph.tsv --posts posts.jsonl --rejects rejects --ids ids --json";
    let summary = objects(&bench.ok(line)).remove(0);
    assert_eq!(summary["graph"]["imported"], 3);
    assert_eq!(summary["graph"]["unchanged"], 1);
    assert_eq!(summary["graph"]["refused"], json!({"bad_line": 1, "limit": 1}));
    assert_eq!(summary["posts"]["imported"], 3);
    assert_eq!(summary["posts"]["refused"], json!({"bad_json": 1, "missing_at": 1}));
    let rejects = bench.read("rejects");
    let starts: Vec<String> = rejects
        .lines()
        .map(|line| line.split('\t').take(3).collect::<Vec<_>>().join(" "))
        .collect();
    let expected = ["graph 3 limit", "graph 4 bad_line", "posts 4 missing_at", "posts 5 bad_json"];
    assert_eq!(starts, expected);
    assert!(rejects.contains("\t1\t9\n") && rejects.ends_with("\tnonsense\n"), "{rejects}");
    assert_eq!(bench.read("ids"), "1000\t4\n1001\t5\n1002\t6\n");
    assert!(bench.read("posts.jsonl.import-progress").contains("\"finished\": true"));
    let state = bench.fake.state();
    assert_eq!(state.posts.iter().map(|post| post.at).collect::<Vec<_>>(), [0, 1, 2]);
}

#[test]
fn a_lost_connection_in_the_middle_doubles_nothing() {
    let bench = Bench::new();
    bench.write("posts.jsonl", &posts(500));
    bench.fake.state().hang_up_in = Some(123);
    let summary = bench.ok("import --posts posts.jsonl");
    assert!(summary.starts_with("imported 500 posts in "), "{summary}");
    assert_eq!(times(&bench), (0..500).collect::<Vec<_>>());
}

#[test]
fn an_interrupted_import_goes_on_without_doubling() {
    let bench = Bench::new();
    bench.write("posts.jsonl", &format!("nonsense\n{}nonsense\n", posts(300)));
    let line = "import --posts posts.jsonl --rejects rejects --ids ids --progress here";
    let (code, message) = bench.fails(&format!("{line} --strict"));
    assert_eq!(code, 1);
    assert!(message.contains("posts.jsonl line 1: bad_json"), "{message}");
    assert!(message.contains("mend the line in its place"), "{message}");
    assert!(message.contains("run the same command again"), "{message}");
    assert!(bench.read("here").contains("\"settled\": 0"));
    assert!(times(&bench).is_empty(), "nothing behind the line was sent");
    let (code, again) = bench.fails(&format!("{line} --strict"));
    assert!(code == 1 && again.ends_with(&message), "once more the same: {again}");
    let summary = bench.ok(line);
    assert!(summary.contains("300 posts, 2 refused (bad_json 2)"), "{summary}");
    assert_eq!(times(&bench), (0..300).collect::<Vec<_>>());
    assert_eq!(bench.read("ids").lines().count(), 300);
    assert_eq!(bench.read("rejects").lines().count(), 2);
}

#[test]
fn a_strict_import_stops_at_a_line_that_the_server_refuses_and_again() {
    let bench = Bench::new();
    bench.fake.state().followees_max = Some(2);
    // Enough lines behind it that their answers are there when its refusal is looked at.
    let follows: String = (2..4_000).map(|user| format!("{user}\t7\n")).collect();
    bench.write("graph.tsv", &format!("1\t1\n1\t2\n1\t3\n{follows}"));
    let line = "import --graph graph.tsv --strict";
    for _ in 0..3 {
        let (code, message) = bench.fails(line);
        assert_eq!(code, 1);
        assert!(message.contains("graph.tsv line 3: limit"), "{message}");
        assert!(bench.read("graph.tsv.import-progress").contains("\"settled\": 2"));
    }
    bench.fake.state().followees_max = None;
    let summary = bench.ok(&format!("{line} --json"));
    let counts = objects(&summary).remove(0);
    assert_eq!(counts["graph"]["imported"], 4_001, "{summary}");
    assert_eq!(counts["graph"]["refused"], json!({}));
}

#[test]
fn a_strict_import_goes_on_in_the_mended_file_and_doubles_nothing() {
    let bench = Bench::new();
    let good = posts(3_000);
    let lines: Vec<&str> = good.lines().collect();
    let with = |line: &str| {
        let (above, below) = (lines[..1_000].join("\n"), lines[1_000..].join("\n"));
        format!("{above}\n{line}\n{below}\n")
    };
    let line = "import --posts posts.jsonl --strict";
    for bad in ["nonsense", "still nonsense"] {
        bench.write("posts.jsonl", &with(bad));
        let (code, message) = bench.fails(line);
        assert_eq!(code, 1, "{message}");
        assert!(message.contains("posts.jsonl line 1001: bad_json"), "{message}");
        assert_eq!(times(&bench).len(), 1_000, "nothing behind the line was sent");
    }
    bench.write("posts.jsonl", &with("{\"author\":7,\"at\":9999,\"text\":\"mended\"}"));
    bench.ok(line);
    let expected: Vec<u64> = (0..1_000).chain([9_999]).chain(1_000..3_000).collect();
    assert_eq!(times(&bench), expected);
}

#[test]
fn lines_that_were_sent_behind_a_refused_one_must_stay_where_they_are() {
    let bench = Bench::new();
    bench.fake.state().texts_refused = Some("refuse me");
    let post = |text: &str| format!("{{\"author\":7,\"at\":5,\"text\":\"{text}\"}}\n");
    let behind: String = (0..100).map(|n| post(&format!("behind {n}"))).collect();
    let file = |above: &str, line: &str| format!("{above}{line}{behind}");
    let line = "import --posts posts.jsonl --strict";
    bench.write("posts.jsonl", &file(&post("first"), &post("refuse me")));
    let (code, message) = bench.fails(line);
    assert_eq!(code, 1, "{message}");
    assert!(message.contains("posts.jsonl line 2: limit"), "{message}");
    assert!(1 < bench.fake.state().posts.len(), "some lines behind it were in flight");
    for changed in [file(&post("other"), &post("mended")), file(&post("first"), "")] {
        bench.write("posts.jsonl", &changed);
        let (code, message) = bench.fails(line);
        assert_eq!(code, 2, "{message}");
        assert!(message.contains("another --posts file"), "{message}");
    }
    bench.write("posts.jsonl", &file(&post("first"), &post("mended line")));
    bench.ok(line);
    let mut texts: Vec<String> = Vec::new();
    for post in &bench.fake.state().posts {
        texts.push(String::from_utf8(post.text.to_vec()).unwrap());
    }
    texts.sort();
    let mut expected: Vec<String> = (0..100).map(|n| format!("behind {n}")).collect();
    expected.extend(["first".to_owned(), "mended line".to_owned()]);
    expected.sort();
    assert_eq!(texts, expected, "each once");
}

#[test]
fn no_more_is_in_flight_than_a_server_takes_of_a_connection() {
    let bench = Bench::new();
    bench.fake.state().silent = true;
    bench.write("posts.jsonl", &posts(5_000));
    let (code, message) = bench.fails("import --posts posts.jsonl --timeout 1");
    assert_eq!(code, 1, "{message}");
    assert_eq!(bench.fake.state().unanswered, 1_024);
}

#[test]
fn an_import_that_is_broken_off_keeps_its_counts_and_rejects() {
    let bench = Bench::new();
    let line = |n, line| if n % 100 == 0 { "nonsense\n".to_owned() } else { format!("{line}\n") };
    let content: String =
        posts(60_000).lines().enumerate().map(|(n, post)| line(n, post)).collect();
    bench.write("posts.jsonl", &content);
    let arguments = ["import", "--posts", "posts.jsonl", "--rejects", "rejects"];
    let mut child = bench.command().args(arguments).stderr(Stdio::null()).spawn().unwrap();
    while bench.fake.state().writes < 9_000 {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    let interrupt = ["-INT", &child.id().to_string()];
    assert!(std::process::Command::new("kill").args(interrupt).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(1));
    let found = bench.read("rejects").lines().count();
    assert!((1..600).contains(&found), "some were found before: {found}");
    let summary = objects(&bench.ok("import --posts posts.jsonl --rejects rejects --json"));
    assert_eq!(summary[0]["posts"]["imported"], 59_400);
    assert_eq!(summary[0]["posts"]["refused"], json!({"bad_json": 600}));
    let rejects = bench.read("rejects");
    let numbers: Vec<u64> =
        rejects.lines().map(|line| line.split('\t').nth(1).unwrap().parse().unwrap()).collect();
    assert_eq!(numbers, (0..600).map(|n| n * 100 + 1).collect::<Vec<_>>());
    assert_eq!(times(&bench).len(), 59_400);
}

#[test]
fn a_killed_import_goes_on_without_doubling() {
    let bench = Bench::new();
    bench.write("posts.jsonl", &posts(60_000));
    let arguments = ["import", "--posts", "posts.jsonl", "--ids", "ids"];
    let mut rounds = 0;
    loop {
        let mut child = bench.command().args(arguments).stderr(Stdio::null()).spawn().unwrap();
        let before = bench.fake.state().writes;
        while child.try_wait().unwrap().is_none() && bench.fake.state().writes < before + 9_000 {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        if child.try_wait().unwrap().is_some_and(|status| status.success()) {
            break;
        }
        // A child that ended in between cannot be killed, which is as well.
        drop(child.kill());
        child.wait().unwrap();
        rounds += 1;
    }
    assert!(0 < rounds, "it was never interrupted");
    assert_eq!(times(&bench), (0..60_000).collect::<Vec<_>>());
    let ids = bench.read("ids");
    let inputs: Vec<u64> =
        ids.lines().map(|line| line.split('\t').next().unwrap().parse().unwrap()).collect();
    assert_eq!(inputs, (1_000..61_000).collect::<Vec<_>>());
}

#[test]
fn another_input_is_refused_while_an_import_is_unfinished() {
    let bench = Bench::new();
    bench.write("posts.jsonl", &format!("{}nonsense\n", posts(2)));
    assert_eq!(bench.fails("import --posts posts.jsonl --strict").0, 1);
    bench.write("posts.jsonl", &posts(1));
    let (code, message) = bench.fails("import --posts posts.jsonl");
    assert_eq!(code, 2);
    assert!(message.contains("another --posts file"), "{message}");
    assert!(message.contains("remove the file to start anew"), "{message}");
    let (code, message) = bench.fails("import --posts missing.jsonl");
    assert_eq!((code, message.as_str()), (2, "fanfold: there is no file missing.jsonl\n"));
}

#[test]
fn a_finished_import_is_not_repeated_unless_it_is_asked_for_again() {
    let bench = Bench::new();
    bench.write("graph.tsv", "1\t7\n");
    bench.write("posts.jsonl", &posts(3));
    let line = "import --posts posts.jsonl --ids ids";
    bench.ok(line);
    let (writes, ids) = (bench.fake.state().writes, bench.read("ids"));
    let said = bench.ok(line);
    let expected = "posts.jsonl was imported into this database already, so nothing was sent (use \
                    --again to import it once more)\n";
    assert_eq!(said, expected);
    assert_eq!(bench.ok("import --posts posts.jsonl --sort"), expected);
    let json = objects(&bench.ok(&format!("{line} --json")));
    assert_eq!(json, [json!({"already_imported": ["posts.jsonl"]})]);
    assert_eq!(bench.fake.state().writes, writes, "nothing was sent");
    assert_eq!(bench.read("ids"), ids, "the ids are kept");
    let (code, message) = bench.fails("import --graph graph.tsv --posts posts.jsonl");
    assert_eq!(code, 2);
    assert!(message.contains("posts.jsonl was imported into this database already"), "{message}");
    assert_eq!(bench.fake.state().writes, writes, "nothing was sent");
    bench.ok(&format!("{line} --again"));
    assert_eq!(times(&bench), [0, 1, 2, 0, 1, 2]);
    assert_eq!(bench.ok(line), expected);
}

#[test]
fn the_mark_of_a_finished_import_is_for_its_files_and_its_database() {
    let bench = Bench::new();
    bench.write("posts.jsonl", &posts(3));
    bench.ok("import --posts posts.jsonl");
    bench.write("posts.jsonl", &posts(2));
    bench.ok("import --posts posts.jsonl");
    assert_eq!(times(&bench), [0, 1, 2, 0, 1], "another file is another import");
    bench.fake.state().database = [8; 16];
    bench.ok("import --posts posts.jsonl");
    assert_eq!(times(&bench), [0, 1, 2, 0, 1, 0, 1], "another database is another import");
}

#[test]
fn again_goes_on_with_an_import_that_is_unfinished() {
    let bench = Bench::new();
    bench.write("posts.jsonl", &format!("{}nonsense\n", posts(3)));
    let line = "import --posts posts.jsonl --again";
    bench.ok("import --posts posts.jsonl");
    for _ in 0..2 {
        assert_eq!(bench.fails(&format!("{line} --strict")).0, 1);
        assert_eq!(times(&bench), [0, 1, 2, 0, 1, 2]);
    }
    bench.ok(line);
    assert_eq!(times(&bench), [0, 1, 2, 0, 1, 2]);
}

#[test]
fn disorder_is_told_and_sorting_mends_it() {
    let bench = Bench::new();
    let post = |at| format!("{{\"author\":7,\"at\":{at},\"text\":\"\"}}\n");
    bench.write("posts.jsonl", &format!("{}{}{}", post(5), post(3), post(4)));
    let output = bench.run("import --posts posts.jsonl");
    assert!(stderr(&output).contains("\"at\" decreases at line 2"), "{}", stderr(&output));
    let output = bench.run("import --posts posts.jsonl --sort --again");
    assert!(!stderr(&output).contains("decreases"));
    assert_eq!(times(&bench), [5, 3, 4, 3, 4, 5]);
}

#[test]
fn an_export_comes_back_through_an_import() {
    let bench = Bench::new();
    bench.write("graph.tsv", "1\t7\n2\t7\n3\t8\n4\t9\n");
    bench.write("posts.jsonl", &posts(8));
    bench.ok("import --graph graph.tsv --posts posts.jsonl");
    let line = "export --graph out.tsv.zst --posts out.jsonl";
    assert_eq!(bench.ok(line), "exported 4 follows and 8 posts as of sequence 12\n");
    let first = objects(&bench.read("out.jsonl")).remove(0);
    let expected = json!({"id": 5, "author": 7, "at": 0, "text": "post 0", "committed_at": 1000});
    assert_eq!(first, expected);
    let (code, message) = bench.fails(line);
    assert_eq!(code, 2);
    assert!(message.contains("exists already"), "{message}");

    let copy = Fake::start();
    let arguments = ["import", "--graph", "out.tsv.zst", "--posts", "out.jsonl"];
    let output = bench.command().args(arguments).env("FANFOLD_URL", copy.url()).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    let pairs = |fake: &Fake| -> Vec<(u64, u64)> {
        fake.state().follows.iter().map(|follow| (follow.user, follow.author)).collect()
    };
    assert_eq!(pairs(&copy), pairs(&bench.fake));
    let contents = |fake: &Fake| -> Vec<(u64, u64, Vec<u8>)> {
        let state = fake.state();
        state.posts.iter().map(|post| (post.author, post.at, post.text.to_vec())).collect()
    };
    assert_eq!(contents(&copy), contents(&bench.fake));
}

#[test]
fn the_import_needs_no_more_than_its_own_files() {
    let bench = Bench::new();
    bench.write("graph.tsv", "1\t2\n");
    bench.ok("import --graph graph.tsv");
    let mut left: Vec<_> = std::fs::read_dir(bench.folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    left.sort();
    assert_eq!(left, ["graph.tsv", "graph.tsv.import-progress"]);
}
