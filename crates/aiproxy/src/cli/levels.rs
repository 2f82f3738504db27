//! `-A`, `-W` and `-D`, whose order on the command line counts across the three: the last word on
//! a rule wins.

use clap::{Arg, ArgAction, ArgMatches, Args, Command, Error, FromArgMatches};
use config_core::{check::Level, rules::Rule};

/// The levels chosen on the command line, in its order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Levels(pub Vec<(Rule, Level)>);

const FLAGS: [(&str, char, Level, &str); 3] = [
    ("allow", 'A', Level::Allow, "Do not report a rule"),
    ("warn", 'W', Level::Warn, "Report a rule as a warning"),
    ("deny", 'D', Level::Deny, "Report a rule as an error"),
];

impl Args for Levels {
    fn augment_args(command: Command) -> Command {
        command.args(FLAGS.map(|(long, short, _, help)| {
            Arg::new(long)
                .short(short)
                .long(long)
                .value_name("RULE")
                .help(help)
                .action(ArgAction::Append)
                .value_parser(super::rule())
                .hide_possible_values(true)
        }))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Levels {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let mut chosen: Vec<_> = FLAGS
            .iter()
            .flat_map(|(long, _, level, _)| {
                let rules = matches.get_many::<Rule>(long).unwrap_or_default();
                let indices = matches.indices_of(long).unwrap_or_default();
                indices.zip(rules).map(|(index, rule)| (index, *rule, *level))
            })
            .collect();
        chosen.sort_by_key(|(index, ..)| *index);
        Ok(Self(chosen.into_iter().map(|(_, rule, level)| (rule, level)).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
