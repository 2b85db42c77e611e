//! `failed-sync`: one sync of the log fails with EIO, and what it was to write never reaches the
//! disk, although reads of the file still show it ("fsyncgate").
//!
//! 1. The posts of that sync are refused, and so is every later one: `Unavailable`, saying why.
//! 2. Everything acknowledged is read on.
//! 3. The daemon is killed and started again, once with the page cache as it was and once after a
//!    power cut: check, audit; nothing of what was refused is there; writing works.
//! 4. A sync of a view file fails: that is made anew, and nobody is refused anything.

use std::time::Duration;

use fanfold_client::ErrorKind;
use tokio::time::sleep;

use super::scene::{Scene, SceneArgs};
use super::survival::{Kind, Survival};
use super::victim::Victim;
use super::writer::{Writer, expect, restart};
use crate::console::{grouped, say};
use crate::daemon::Daemon;
use crate::exit::{Failure, Outcome};

/// Bytes of the disk: more than is written.
const CAPACITY: usize = 1 << 30;

/// Posts before a sync fails, and after.
const POSTS: u64 = 5_000;

/// Posts at once while a flush is waited for.
const WINDOW: u64 = 64;

/// So many, so often.
const WINDOWS_MAX: u32 = 5_000;
const PAUSE: Duration = Duration::from_millis(2);

/// The segments of the log begin so, and files of outboxes.
const LOG: &str = "log-";
const VIEW: &str = "outbox-";

const FAILURES: u32 = 3;
const CUTS: u32 = 2;

/// Fails a sync.
pub(crate) fn run(args: &SceneArgs) -> Outcome<()> {
    args.play(async |scene| play(scene).await)
}

async fn play(scene: &Scene<'_>) -> Outcome<()> {
    let victim = Victim::new(scene, "failed", CAPACITY)?;
    let mut victim = victim.with(&["--segment-bytes", "1M", "--flush-records", "3000"]);
    say(format!("daemon: {}", victim.launch.shown()));
    let daemon = victim.launch.start(0)?;
    let mut writer = Writer::connect(&daemon.url(), &scene.ledger("failed")?).await?;

    let daemon = failed(&victim, &mut writer, daemon).await?;
    daemon.kill();
    let (daemon, audited) = restart(&victim, &mut writer).await?;
    say(format!("killed and started again: {} posts, as acknowledged", grouped(audited.posts)));

    let daemon = failed(&victim, &mut writer, daemon).await?;
    victim.cut(|off| daemon.kill_and(off), &mut Survival::of(Kind::Nothing, 0)).await?;
    let (daemon, audited) = restart(&victim, &mut writer).await?;
    say(format!("power cut, started again: {} posts, as acknowledged", grouped(audited.posts)));

    failed_flush(&victim, &mut writer).await?;
    say("a sync of a view file failed: it was made anew, nobody was refused");
    victim.cut(|off| daemon.kill_and(off), &mut Survival::of(Kind::Nothing, 0)).await?;
    let (daemon, audited) = restart(&victim, &mut writer).await?;
    daemon.stop()?;
    victim.check()?;
    say(format!(
        "failed-sync: {} acknowledged posts are there exactly once, after {FAILURES} failed syncs and \
         {CUTS} power cuts; of {} refused ones none is",
        grouped(audited.posts),
        grouped(writer.refused() as u64)
    ));
    Ok(())
}

/// Posts, and then a sync fails.
async fn failed(victim: &Victim<'_>, writer: &mut Writer, daemon: Daemon) -> Outcome<Daemon> {
    writer.publish_all(POSTS).await?;
    victim.disk().fail_sync_of(LOG);
    let refusal = writer.publish(POSTS).await?;
    if !victim.disk().has_failed_sync() {
        return Err(Failure::failed("the daemon did not sync its log"));
    }
    let Some(refusal) = refusal else {
        return Err(Failure::failed("a sync of the log failed, but every post was taken"));
    };
    say(format!("refused: {refusal}"));
    let why = ["sync log-", "Input/output error", "reads go on", "restart"];
    expect(&refusal, ErrorKind::Unavailable, &why)?;
    match writer.publish(1).await? {
        Some(refusal) => expect(&refusal, ErrorKind::Unavailable, &why)?,
        None => return Err(Failure::failed("a post was taken after a failed sync")),
    }
    let audited = writer.audit(&daemon.url()).await?;
    say(format!("reads go on: {} posts", grouped(audited.posts)));
    Ok(daemon)
}

/// Posts until a sync of a view file has failed and such a file was written after all.
async fn failed_flush(victim: &Victim<'_>, writer: &mut Writer) -> Outcome<()> {
    victim.disk().fail_sync_of(VIEW);
    let mut flushed = None;
    for _ in 0..WINDOWS_MAX {
        writer.publish_all(WINDOW).await?;
        let views = victim.disk().work().views;
        match flushed {
            None if victim.disk().has_failed_sync() => flushed = Some(views),
            Some(flushed) if flushed < views => return Ok(()),
            _ => {}
        }
        sleep(PAUSE).await;
    }
    Err(Failure::failed("a sync of a view file was to fail, but none was made, or not again"))
}
