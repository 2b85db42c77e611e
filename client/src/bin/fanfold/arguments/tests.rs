//! What the command line is read as.

use super::*;
use clap::CommandFactory;

fn parse(line: &str) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(std::iter::once("fanfold").chain(line.split(' ')))
}

#[test]
fn the_definition_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn global_options_work_before_and_after() {
    for line in [
        "--json --as 5 --viewer 6 --url fanfold://x --timeout 2.5 home 7",
        "home 7 --json --as 5 --viewer 6 --url fanfold://x --timeout 2.5",
        "--as 5 home --url fanfold://x 7 --json --viewer 6 --timeout 2.5",
    ] {
        let global = parse(line).unwrap().global;
        assert!(global.json, "{line}");
        assert_eq!((global.actor, global.viewer), (Some(UserId(5)), Some(UserId(6))));
        assert_eq!(global.url.as_deref(), Some("fanfold://x"));
        assert_eq!(global.timeout, Some(Duration::from_millis(2_500)));
    }
}

#[test]
fn options_before_a_text_and_after_it_are_options() {
    let Command::Publish(publish) =
        parse("publish 7 two words --kind 3 --at 1370047740000").unwrap().command
    else {
        unreachable!("it is a publish")
    };
    assert_eq!(publish.text, ["two", "words"]);
    assert_eq!((publish.kind, publish.at), (3, Some(Timestamp(1_370_047_740_000))));
}

#[test]
fn a_negative_number_is_a_bad_value_not_an_unknown_option() {
    for line in ["home 1 --before -1", "ping --timeout -1", "home -7", "home 1 --limit -1"] {
        let message = parse(line).unwrap_err().to_string();
        assert!(message.contains("invalid value '-"), "{line}: {message}");
    }
    for line in ["mark 1 2 --device -1", "broadcast feed 1 --session x", "notices x"] {
        let message = parse(line).unwrap_err().to_string();
        assert!(message.contains("expected a whole number, 0 to 2^64 - 1"), "{line}: {message}");
    }
    let message = parse("outbox 1 --limit 201").unwrap_err().to_string();
    assert!(message.contains("ask for 1 to 200"), "{message}");
    assert!(parse("home 1 --after 3 --all").is_ok());
}

#[test]
fn help_says_who_the_two_users_are() {
    for (command, other) in [
        ("approve", "<FOLLOWER>"),
        ("deny", "<FOLLOWER>"),
        ("befriend", "<OTHER>"),
        ("mute", "<AUTHOR>"),
    ] {
        let help = parse(&format!("{command} --help")).unwrap_err().to_string();
        assert!(help.contains(other), "{help}");
    }
}

#[test]
fn a_watch_goes_on_behind_a_post_or_a_position() {
    let after = |line| match parse(line).unwrap().command {
        Command::Watch(watch) => watch.after,
        _ => unreachable!("it is a watch"),
    };
    assert_eq!(after("watch 7"), None);
    assert_eq!(after("watch 7 --after 12"), Some(After { epoch: None, sequence: 12 }));
    assert_eq!(after("watch 7 --after 3:12"), Some(After { epoch: Some(3), sequence: 12 }));
    for line in ["watch 7 --after x", "watch 7 --after 1:", "watch 7 --after -1", "watch"] {
        assert_eq!(parse(line).unwrap_err().exit_code(), 2, "{line}");
    }
}

#[test]
fn mistakes_are_refused() {
    for line in [
        "home",
        "home x",
        "home -1",
        "home 1 --before 2 --after 3",
        "home 1 --limit 0",
        "home 1 --limit 201",
        "publish 1",
        "publish 1 x --kind 65536",
        "follow 1 2 --weight 16",
        "follow 1 2 --weight -1",
        "tag 1",
        "revise 1 x",
        "revise 1 --revision 0",
        "mark 1",
        "unread 1 --limit 10000",
        "home 1 --unread --after 3",
        "import",
        "import --graph x --sort",
        "export",
        "ping --timeout 0",
        "ping --timeout nan",
        "ping --timeout 1e9",
        "nonsense",
        "group",
        "group create 1",
        "group add 1 friends",
        "group list 1 --all",
        "changes --from x",
        "changes --limit 0",
        "outbox 1 --group friends",
        "react 1 2",
        "react 1 2 16",
        "comment 1 2",
        "comments 1 --newest --after 3",
        "comments 1 --before 2 --after 3",
        "reactors 1 --kind 16",
        "delete-comment",
    ] {
        let error = parse(line).unwrap_err();
        assert_eq!(error.exit_code(), 2, "{line}");
    }
}
