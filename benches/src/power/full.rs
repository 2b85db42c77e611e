//! `full-disk`: the disk fills up under a load, gets room again, and nothing acknowledged is lost.
//!
//! 1. Posts until one is refused: `StorageFull`, with a message that says how much was wanted where.
//! 2. On the full disk everything acknowledged is read, and writes are refused again.
//! 3. The disk grows: writing goes on by itself. Steps 1 to 3 again, from there.
//! 4. Full for the last time; the power is cut, the disk grows, check, start, audit.

use std::time::{Duration, Instant};

use fanfold_client::ErrorKind;
use tokio::time::sleep;

use super::scene::{Scene, SceneArgs};
use super::survival::{Kind, Survival};
use super::victim::Victim;
use super::writer::{Writer, expect, restart};
use crate::console::{grouped, say};
use crate::exit::{Failure, Outcome};

/// Bytes of the disk at first, and how much it grows by.
const CAPACITY: usize = 8 << 20;

/// How often the disk gets full.
const FILLS: usize = 3;

/// A disk counts as full when it has refused so many groups.
const REFUSALS: usize = 10;

/// More posts than a disk can take.
const POSTS_MAX: u64 = 1_000_000;

/// Within this a daemon has found that there is room again.
const RESUME_WITHIN: Duration = Duration::from_secs(30);

/// Between two tries.
const PAUSE: Duration = Duration::from_millis(20);

/// Fills the disk.
pub(crate) fn run(args: &SceneArgs) -> Outcome<()> {
    args.play(async |scene| play(scene).await)
}

async fn play(scene: &Scene<'_>) -> Outcome<()> {
    let victim = Victim::new(scene, "full", CAPACITY)?;
    // So small that flushes meet the full disk too, and that reads come from maps.
    let small = ["--segment-bytes", "512K", "--flush-records", "3000", "--memory-budget", "256K"];
    let mut victim = victim.with(&small);
    say(format!("daemon: {}", victim.launch.shown()));
    let daemon = victim.launch.start(0)?;
    let mut writer = Writer::connect(&daemon.url(), &scene.ledger("full")?).await?;
    let mut capacity = CAPACITY;
    for fill in 1..=FILLS {
        until_full(&mut writer).await?;
        let audited = writer.audit(&daemon.url()).await?;
        let (mib, posts) = (capacity >> 20, grouped(audited.posts));
        say(format!("full at {mib} MiB: {posts} posts, all of them read while it is full"));
        if fill < FILLS {
            capacity += CAPACITY;
            victim.disk().resize(capacity);
            let time = resumed(&mut writer).await?;
            say(format!("room again: writing goes on after {:.2} s", time.as_secs_f64()));
        }
    }
    victim.cut(|off| daemon.kill_and(off), &mut Survival::of(Kind::Nothing, 0)).await?;
    victim.disk().resize(2 * capacity);
    let (daemon, audited) = restart(&victim, &mut writer).await?;
    writer.publish_all(1_000).await?;
    daemon.stop()?;
    victim.check()?;
    say(format!(
        "full-disk: {} acknowledged posts are there exactly once, after {FILLS} full disks and a \
         power cut; of {} refused ones none is",
        grouped(audited.posts),
        grouped(writer.refused() as u64)
    ));
    Ok(())
}

/// Posts until one is refused, again and again: what did not fit may have been a large group, and a
/// merge may have made some room meanwhile.
async fn until_full(writer: &mut Writer) -> Outcome<()> {
    for time in 1..=REFUSALS {
        let Some(refusal) = writer.publish(POSTS_MAX).await? else {
            return Err(Failure::failed(format!("{POSTS_MAX} posts did not fill the disk")));
        };
        if time == REFUSALS {
            say(format!("refused: {refusal}"));
        }
        expect(&refusal, ErrorKind::StorageFull, &["reserve", "No space left on device"])?;
        sleep(PAUSE).await;
    }
    Ok(())
}

/// The time until a post is taken.
async fn resumed(writer: &mut Writer) -> Outcome<Duration> {
    let started = Instant::now();
    while let Some(refusal) = writer.publish(1).await? {
        expect(&refusal, ErrorKind::StorageFull, &[])?;
        if RESUME_WITHIN <= started.elapsed() {
            return Err(Failure::failed(format!(
                "the disk has room, but after {} s a post is still refused: {refusal}",
                RESUME_WITHIN.as_secs()
            )));
        }
        sleep(PAUSE).await;
    }
    Ok(started.elapsed())
}
