//! How often each kind of request comes.

use std::fmt;
use std::str::FromStr;

use crate::wire::fanfold::Fanfold;

/// Weights; at least one is not 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mix {
    home: u64,
    outbox: u64,
    publish: u64,
    follow: u64,
}

impl Mix {
    /// Such a load.
    pub(super) fn of(self, load: Fanfold) -> Fanfold {
        let Self { home, outbox, publish, follow } = self;
        Fanfold { homes: home, outboxes: outbox, publishes: publish, follows: follow, ..load }
    }
}

impl FromStr for Mix {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut mix = Self::default();
        for part in text.split(',') {
            let expected =
                || format!("`{part}`: expected home, outbox, publish or follow, =, a weight");
            let (kind, weight) = part.split_once('=').ok_or_else(expected)?;
            let weight: u32 = weight.parse().map_err(|_| expected())?;
            let place = match kind {
                "home" => &mut mix.home,
                "outbox" => &mut mix.outbox,
                "publish" => &mut mix.publish,
                "follow" => &mut mix.follow,
                _ => return Err(expected()),
            };
            *place = u64::from(weight);
        }
        if mix == Self::default() {
            return Err("all weights are 0, at least one must be more".to_owned());
        }
        Ok(mix)
    }
}

impl fmt::Display for Mix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { home, outbox, publish, follow } = self;
        write!(f, "home={home},outbox={outbox},publish={publish},follow={follow}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mix_is_read_as_it_is_written() {
        let mix: Mix = "home=9,publish=1".parse().unwrap();
        assert_eq!(mix, Mix { home: 9, publish: 1, ..Mix::default() });
        assert_eq!(mix.to_string().parse(), Ok(mix));
        assert!("home=0".parse::<Mix>().unwrap_err().contains("all weights are 0"));
        for wrong in ["", "home", "home=x", "house=1"] {
            assert!(wrong.parse::<Mix>().unwrap_err().contains("expected home"), "{wrong}");
        }
    }
}
