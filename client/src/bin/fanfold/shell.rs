//! `fanfold shell`: the same commands, one a line, over one connection.
//!
//! On a terminal it edits lines and keeps a history. From a pipe it reads lines, goes on after
//! mistakes, and exits with the worst of the exit codes.

use std::io::{BufRead, ErrorKind, IsTerminal};
use std::path::PathBuf;

use clap::Parser;
use rustyline::DefaultEditor;
use rustyline::error::ReadlineError;

use crate::arguments::{Cli, Command, Publish};
use crate::console::{self, Console};
use crate::dispatch;
use crate::exit::{Exit, Failure};
use crate::session::Session;
use crate::words;

/// Where lines come from.
enum Source {
    Terminal { editor: Box<DefaultEditor>, history: Option<PathBuf> },
    Pipe,
}

/// Runs lines until their end, or `quit`.
pub(crate) async fn run(session: &mut Session, console: &mut Console) -> Result<Exit, Failure> {
    session.client().await?;
    let mut source = Source::open()?;
    let interactive = matches!(source, Source::Terminal { .. });
    if interactive {
        console.line("type a command such as `home 7`; `help` lists them, `quit` leaves")?;
    }
    let mut worst = Exit::Success;
    loop {
        console.flush()?;
        let (back, line) = tokio::task::spawn_blocking(|| source.next())
            .await
            .map_err(|error| Failure::local("cannot read a line", &error))?;
        source = back;
        let Some(line) = line? else { break };
        match one(session, console, &line).await {
            Ok(Next::Line) => {}
            Ok(Next::Quit) => break,
            Err(Failure::BrokenPipe) => return Err(Failure::BrokenPipe),
            Err(failure) => {
                console.flush()?;
                console::report(&failure, session.json());
                worst = worst.max(failure.exit());
            }
        }
    }
    source.save();
    Ok(if interactive { Exit::Success } else { worst })
}

/// What to do after a line.
enum Next {
    Line,
    Quit,
}

async fn one(session: &Session, console: &mut Console, line: &[u8]) -> Result<Next, Failure> {
    let line = std::str::from_utf8(line).map_err(|error| {
        let at = error.valid_up_to() + 1;
        Failure::Mistake(format!("this line is not UTF-8 from byte {at} on; it was not run"))
    })?;
    let words = words::split(line).map_err(Failure::Mistake)?;
    match words.first().map(String::as_str) {
        None => return Ok(Next::Line),
        Some("quit" | "exit") => return Ok(Next::Quit),
        Some(first) if first.starts_with('#') => return Ok(Next::Line),
        Some(_) => {}
    }
    let name = std::iter::once("fanfold".to_owned());
    let cli = match Cli::try_parse_from(name.chain(words)) {
        Ok(cli) => cli,
        Err(error) if error.exit_code() == 0 => {
            console.line(error.render().to_string().trim_end())?;
            return Ok(Next::Line);
        }
        Err(error) => {
            let text = error.render().to_string();
            let text = text.strip_prefix("error: ").unwrap_or(&text);
            return Err(Failure::Mistake(text.trim_end().to_owned()));
        }
    };
    refuse_standard_input(&cli.command)?;
    let mut line_session = session.for_line(cli.global)?;
    dispatch::run(&mut line_session, console, cli.command).await?;
    Ok(Next::Line)
}

/// The shell reads standard input itself.
fn refuse_standard_input(command: &Command) -> Result<(), Failure> {
    match command {
        Command::Publish(Publish { text, .. }) if *text == ["-"] => Err(Failure::Mistake(
            "a text from standard input works outside of the shell only".to_owned(),
        )),
        _ => Ok(()),
    }
}

impl Source {
    fn open() -> Result<Self, Failure> {
        if !std::io::stdin().is_terminal() {
            return Ok(Self::Pipe);
        }
        let mut editor = DefaultEditor::new()
            .map_err(|error| Failure::local("cannot use this terminal", &error))?;
        let history = history_file();
        if let Some(file) = &history {
            // Without a history the shell works as well; the first time there is none.
            drop(editor.load_history(file));
        }
        Ok(Self::Terminal { editor: Box::new(editor), history })
    }

    /// The next line, `None` at the end. Blocks; gives itself back.
    fn next(mut self) -> (Self, Result<Option<Vec<u8>>, Failure>) {
        let line = match &mut self {
            Self::Terminal { editor, .. } => {
                edited(editor).map(|line| line.map(String::into_bytes))
            }
            Self::Pipe => piped(&mut std::io::stdin().lock()),
        };
        (self, line)
    }

    fn save(self) {
        if let Self::Terminal { mut editor, history: Some(file) } = self {
            drop(editor.save_history(&file));
        }
    }
}

fn edited(editor: &mut DefaultEditor) -> Result<Option<String>, Failure> {
    loop {
        return match editor.readline("fanfold> ") {
            Ok(line) => {
                // A line that cannot be remembered can still be run.
                drop(editor.add_history_entry(line.as_str()));
                Ok(Some(line))
            }
            Err(ReadlineError::Interrupted) => continue,
            Err(ReadlineError::Eof) => Ok(None),
            Err(ReadlineError::Io(error)) if error.kind() == ErrorKind::InvalidData => {
                console::note("what was typed is not UTF-8; the line was dropped, type it again");
                continue;
            }
            Err(error) => Err(Failure::local("cannot read a line", &error)),
        };
    }
}

fn piped(input: &mut dyn BufRead) -> Result<Option<Vec<u8>>, Failure> {
    let mut line = Vec::new();
    match input.read_until(b'\n', &mut line) {
        Ok(0) => Ok(None),
        Ok(_) => Ok(Some(line)),
        Err(error) => Err(Failure::local("cannot read a line", &error)),
    }
}

fn history_file() -> Option<PathBuf> {
    Some(PathBuf::from(std::env::var_os("HOME")?).join(".fanfold_history"))
}
