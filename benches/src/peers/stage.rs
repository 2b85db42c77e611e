//! What every scene needs: settings, results, and systems that are started, loaded and compared with the
//! world before anything is timed.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::runtime::Runtime;

use super::fanfold::FanfoldServer;
use super::library::{Kind, Library, field};
use super::postgres::PostgresServer;
use super::redis::RedisServer;
use super::server::{Given, Server, Way};
use super::{PeersArgs, System};
use crate::console::note;
use crate::exit::{Explain, Failure, Outcome};
use crate::noise::Watch;
use crate::number::float;
use crate::results::{Case, Recorder};
use crate::sample::Run;
use crate::wire::Load;
use crate::world::{Scene, World, WorldArgs};

/// Pages of so many users are compared with the world.
const CHECKED: u64 = 100;

/// How it is measured.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) time: Duration,
    pub(super) runs: usize,
    pub(super) systems: Vec<System>,
    world: WorldArgs,
    daemon: PathBuf,
    libraries: Vec<Kind>,
}

impl Settings {
    pub(super) fn of(args: &PeersArgs, daemon: PathBuf, libraries: Vec<Kind>) -> Outcome<Self> {
        let time = Duration::try_from_secs_f64(args.seconds);
        let time = time.map_err(|_| Failure::mistake("--seconds is no time"))?;
        let (systems, world) = (args.systems.clone(), args.world.clone());
        Ok(Self { time, runs: args.runs, systems, world, daemon, libraries })
    }
}

/// See the module.
pub(super) struct Stage {
    pub(super) settings: Settings,
    place: PathBuf,
    pub(super) recorder: Recorder,
    runtime: Runtime,
}

impl Stage {
    pub(super) fn new(settings: Settings, place: &Path, recorder: Recorder) -> Outcome<Self> {
        let runtime = Runtime::new().explain(|| "no runtime".to_owned())?;
        Ok(Self { settings, place: place.to_owned(), recorder, runtime })
    }

    pub(super) fn has(&self, system: System) -> bool {
        self.settings.systems.contains(&system)
    }

    pub(super) fn place(&self) -> &Path {
        &self.place
    }

    pub(super) fn given(&self, scene: Scene) -> Outcome<Given> {
        World::of(scene, &self.settings.world).map(Given::new)
    }

    /// The servers that are wanted, with the world in them.
    pub(super) fn servers(&self, scene: Scene, given: &Given) -> Outcome<Vec<Box<dyn Server>>> {
        let directory = |name: &str| self.place.join(format!("{name}-{}", scene.name()));
        let mut servers: Vec<Box<dyn Server>> = Vec::new();
        if self.has(System::Fanfold) {
            let daemon = &self.settings.daemon;
            servers.push(Box::new(FanfoldServer::new(daemon, directory("fanfold"))));
        }
        if self.has(System::Redis) {
            let durable = scene == Scene::Empty;
            servers.push(Box::new(RedisServer::new(directory("redis"), durable)?));
        }
        if self.has(System::Postgresql) {
            servers.push(Box::new(PostgresServer::new(directory("postgresql"))?));
        }
        for server in &mut servers {
            let started = Instant::now();
            server.load(given)?;
            loaded(server.name(), scene, started);
            let has_pages = !matches!(scene, Scene::Empty | Scene::Reader);
            if has_pages || (scene == Scene::Reader && server.name() == "fanfold") {
                server.check(given, CHECKED)?;
            }
        }
        Ok(servers)
    }

    /// The libraries that are wanted, with the world in them.
    pub(super) fn libraries(&self, scene: Scene) -> Outcome<Vec<Library>> {
        self.libraries_of(scene, |_| true)
    }

    /// Some of them.
    pub(super) fn libraries_of(
        &self,
        scene: Scene,
        wanted: impl Fn(&Kind) -> bool,
    ) -> Outcome<Vec<Library>> {
        let start = |kind: &Kind| {
            let started = Instant::now();
            let mut library = self.open(kind, scene)?;
            library.ask("load")?;
            loaded(kind.name, scene, started);
            if !matches!(scene, Scene::Empty) {
                library.ask(&format!("check {CHECKED}"))?;
            }
            Ok(library)
        };
        self.settings.libraries.iter().filter(|kind| wanted(kind)).map(start).collect()
    }

    /// A library over what it has for that scene.
    pub(super) fn open(&self, kind: &Kind, scene: Scene) -> Outcome<Library> {
        let name = kind.name.split(',').next().unwrap_or_default();
        let directory = self.place.join(format!("{name}-engine-{}", scene.name()));
        Library::start(kind, &directory, scene, &self.settings.world)
    }

    /// A load on a server, in the way that is given.
    pub(super) fn load(
        &self,
        server: &dyn Server,
        way: &Way,
        time: Duration,
        seed: u64,
    ) -> Outcome<Run> {
        let (address, dialect) = (server.address(), way.dialect.clone());
        let (connections, depth) = way.shape;
        let load = Load { address, dialect, connections, depth, time, seed };
        let run = self.runtime.block_on(load.run());
        run.map_err(|failure| Failure::failed(format!("{}: {failure}", way.name)))
    }

    /// The same, for something that is no server.
    pub(super) fn load_on(&self, load: &Load) -> Outcome<Run> {
        self.runtime.block_on(load.run())
    }

    /// A rate that a library answered.
    pub(super) fn answered(
        &mut self,
        case: Case<'_>,
        run: usize,
        answer: &Value,
        watch: Watch,
    ) -> Outcome<()> {
        let value = field(answer, "count")? / field(answer, "seconds")?;
        let times = answer.get("latency_us").and_then(Value::as_array);
        let time = |place: usize| times?.get(place)?.as_f64();
        let triple = time(0).zip(time(1)).zip(time(2)).map(|((p50, p99), p999)| [p50, p99, p999]);
        self.recorder.timed(case, run, (value, triple), watch)
    }

    pub(super) fn seconds(&self) -> f64 {
        self.settings.time.as_secs_f64()
    }

    /// Numbers of bytes, as systems name them.
    pub(super) fn sizes(
        &mut self,
        system: &str,
        sizes: &[(String, f64)],
        watch: Watch,
    ) -> Outcome<()> {
        for (case, bytes) in sizes {
            self.recorder.value(Case::new("sizes", case, system, "bytes"), 1, *bytes, watch)?;
        }
        Ok(())
    }
}

fn loaded(name: &str, scene: Scene, started: Instant) {
    let seconds = float(u64::try_from(started.elapsed().as_millis()).unwrap_or(0)) / 1e3;
    note(format!("{name} has the {} after {seconds:.1} s", scene.name()));
}
