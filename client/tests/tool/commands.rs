//! The commands, the output, the exit codes, the shell.
//!
//! Each test runs the real binary with a fake server and looks at what a user sees: standard
//! output, standard error and the exit code.

use std::io::Write;
use std::process::Stdio;

use serde_json::json;

use crate::workbench::{Bench, objects, stderr};

#[test]
fn a_first_session_reads_as_the_readme_says() {
    let bench = Bench::new();
    assert!(bench.ok("ping").starts_with("pong from fake 1 in "));
    assert_eq!(bench.ok("follow 1 7"), "done\n");
    assert_eq!(bench.ok("follow 1 7"), "nothing to change\n");
    assert_eq!(bench.ok("publish 7 hello world --at 1370047740000"), "published as post 2\n");
    assert_eq!(bench.ok("home 1"), "2013-06-01 00:49  @7  #2  hello world\n");
    assert_eq!(bench.ok("user 7"), "user 7: 1 posts, 1 followers, follows 0, newest post #2\n");
    assert_eq!(bench.ok("delete 2 --as 7"), "done\n");
    assert_eq!(bench.ok("home 1"), "");
    assert!(bench.ok("status").contains("log.records  3"));
}

#[test]
fn json_prints_one_object_a_line() {
    let bench = Bench::new();
    let written = objects(&bench.ok("publish 7 hello --at 5 --kind 3 --json"));
    assert_eq!(written, [json!({"changed": true, "post": 1, "epoch": 1, "sequence": 1})]);
    bench.ok("publish 7 again --at 6");
    let page = objects(&bench.ok("--json outbox 7 --limit 1"));
    let expected = json!({"id": 2, "author": 7, "at": 6, "text": "again", "committed_at": 1000});
    assert_eq!(page, [expected], "no line about the continuation");
    assert_eq!(objects(&bench.ok("post 1 --json"))[0]["kind"], 3);
    assert_eq!(objects(&bench.ok("user 7 --json"))[0]["posts"], 2);
    assert_eq!(objects(&bench.ok("status --json"))[0]["log.records"], 2);
}

#[test]
fn ranks_are_given_by_follow_and_tag() {
    let bench = Bench::new();
    bench.ok("follow 1 7 --weight 15");
    bench.ok("follow 1 8");
    bench.ok("tag 1 vip");
    bench.ok("tag 1 vip --remove");
    let state = bench.fake.state();
    assert_eq!(state.weights, [15]);
    let tag = |set| (1, "vip".to_owned(), set);
    assert_eq!(state.tags, [tag(true), tag(false)]);
    drop(state);
    let refused = bench.run("follow 1 7 --weight 16");
    assert_eq!(refused.status.code(), Some(2));
    assert!(stderr(&refused).contains("16 is not in 0..=15"), "{}", stderr(&refused));
}

#[test]
fn advice_is_a_table_or_an_object() {
    let bench = Bench::new();
    let table = bench.ok("advise");
    assert!(table.contains("\npush*                   15.0 "), "{table}");
    assert!(table.ends_with("* runs; pull would cost least\n"), "{table}");
    let advice = &objects(&bench.ok("advise --json"))[0];
    assert_eq!((&advice["running"], &advice["cheapest"]), (&json!("push"), &json!("pull")));
    assert_eq!(advice["policies"][0]["pulled_per_page"], 2.5);
}

#[test]
fn pages_say_how_to_go_on() {
    let bench = Bench::new();
    (0..5).for_each(|n| drop(bench.ok(&format!("publish 7 n{n} --at 0"))));
    assert!(bench.ok("outbox 7 --limit 2").ends_with("more: --before 4\n"));
    assert!(bench.ok("outbox 7 --limit 2 --before 4").ends_with("more: --before 2\n"));
    assert_eq!(bench.ok("outbox 7 --limit 2 --before 2").lines().count(), 1);
    assert!(bench.ok("outbox 7 --limit 2 --after 1").ends_with("more: --after 3\n"));
    assert_eq!(bench.ok("outbox 7 --limit 2 --all").lines().count(), 5);
    let upwards = bench.ok("outbox 7 --limit 2 --after 1 --all --json");
    let ids: Vec<u64> = objects(&upwards).iter().map(|post| post["id"].as_u64().unwrap()).collect();
    assert_eq!(ids, [2, 3, 4, 5], "oldest first, each once");
    bench.ok("follow 1 7");
    let home = bench.ok("home 1 --limit 2 --after 2 --all");
    let texts: Vec<&str> = home.lines().map(|line| line.rsplit("  ").next().unwrap()).collect();
    assert_eq!(texts, ["n2", "n3", "n4"]);
    for command in ["home", "outbox"] {
        assert!(bench.ok(&format!("{command} --help")).contains("with --after oldest first"));
    }
}

#[test]
fn nothing_that_people_read_can_move_their_cursor_or_turn_their_text() {
    let bench = Bench::new();
    let marks = ['\u{1b}', '\u{9b}', '\u{61c}', '\u{200e}', '\u{2028}', '\u{202e}', '\u{2069}'];
    let text: String = marks.iter().collect();
    let shown: String = marks.iter().map(|mark| mark.escape_unicode().to_string()).collect();
    bench.ok(&format!("publish 7 {text}"));
    assert!(bench.ok("outbox 7").ends_with(&format!("  {shown}\n")));
    assert_eq!(objects(&bench.ok("outbox 7 --json"))[0]["text"], json!(text));
    bench.fake.state().name.clone_from(&text);
    assert!(bench.ok("ping").starts_with(&format!("pong from {shown} in ")));
    assert_eq!(objects(&bench.ok("ping --json"))[0]["server"], json!(text));
    bench.write(
        "posts.jsonl",
        &format!("{{\"author\":\"{}\",\"at\":1,\"text\":\"\"}}\n", &text[1..]),
    );
    let (_, message) = bench.fails("import --posts posts.jsonl --strict");
    assert!(message.contains(&shown["\\u{1b}".len()..]), "{message}");
    let (_, message) = bench.fails("import --posts posts.jsonl --strict --json");
    let message = objects(message.lines().last().unwrap()).remove(0);
    assert!(message["message"].as_str().unwrap().contains('\u{202e}'), "machines get it as it is");
}

#[test]
fn help_and_mistakes_say_what_to_give() {
    let bench = Bench::new();
    for command in ["import", "export"] {
        let (code, message) = bench.fails(command);
        assert_eq!(code, 2);
        assert!(message.contains("--graph <FILE>|--posts <FILE>"), "{message}");
    }
    for limit in ["0", "201", "-1"] {
        let (code, message) = bench.fails(&format!("following 7 --limit {limit}"));
        assert!(code == 2 && message.contains("ask for 1 to 200"), "{message}");
    }
    let help = bench.ok("--help");
    for code in ["0 done", "1 it failed", "2 a mistake"] {
        assert!(help.contains(code), "{help}");
    }
}

#[test]
fn a_text_comes_from_standard_input() {
    let bench = Bench::new();
    assert!(bench.piped("publish 7 -", "two\nlines\n").status.success());
    assert_eq!(bench.fake.state().posts[0].text, "two\nlines");
}

#[test]
fn mistakes_exit_with_2_and_failures_with_1() {
    let bench = Bench::new();
    let (code, message) = bench.fails("post 99");
    assert_eq!((code, message.as_str()), (2, "fanfold: no post 99\n"));
    bench.ok("publish 7 x");
    assert_eq!(bench.fails("delete 1 --as 8").0, 2);
    assert_eq!(bench.fails("home x").0, 2);
    let (code, message) = bench.fails("ping --url redis://x");
    assert_eq!(code, 2);
    assert!(message.contains("unknown scheme redis://"), "{message}");
    let (code, message) = bench.fails("ping --url fanfold://127.0.0.1:1");
    assert_eq!(code, 1);
    assert!(message.contains("is fanfoldd running there?"), "{message}");
    let (_, message) = bench.fails("post 99 --json");
    assert_eq!(objects(&message), [json!({"error": "not_found", "message": "no post 99"})]);
}

#[test]
fn a_reader_that_leaves_is_no_failure() {
    let bench = Bench::new();
    (0..40).for_each(|_| drop(bench.ok(&format!("publish 7 {}", "x".repeat(5_000)))));
    let mut command = bench.command();
    let command = command.args(["outbox", "7", "--all"]).stdout(Stdio::piped());
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""));
}

#[test]
fn a_shell_survives_a_line_that_is_not_text() {
    let bench = Bench::new();
    let mut child = bench.command();
    let child = child.arg("shell").stdin(Stdio::piped());
    let mut child = child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"publish 7 \xff\xfe\npublish 7 fine\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("not UTF-8 from byte 11"), "{}", stderr(&output));
    assert_eq!(bench.fake.state().posts.len(), 1);
}

#[test]
fn a_shell_runs_lines_goes_on_after_mistakes_and_exits_with_the_worst() {
    let bench = Bench::new();
    let script = "follow 1 7\n# a remark\n\npublish 7 'it''s a text'\nhome 1 --json\npost 99\n\
                  nonsense\npublish 7 'open\nquit\npublish 7 never\n";
    let output = bench.piped("shell --as 7", script);
    assert_eq!(output.status.code(), Some(2));
    let out = String::from_utf8(output.stdout.clone()).unwrap();
    assert!(out.starts_with("done\npublished as post 2\n{\"id\":2,"), "{out}");
    let errors = stderr(&output);
    for expected in ["no post 99", "unrecognized subcommand 'nonsense'", "quote ' is not closed"] {
        assert!(errors.contains(expected), "{errors}");
    }
    assert_eq!(bench.fake.state().posts.len(), 1, "quit ends it");
    assert_eq!(bench.piped("shell", "ping\n").status.code(), Some(0));
    let help = bench.piped("shell", "help\n");
    assert!(String::from_utf8_lossy(&help.stdout).contains("outbox"));
}
