//! Which lab a command is about: by `--lab`, or the only one there is. Also
//! the role that it is asked in.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use controller::api::Role;
use platform::LabFile;

use crate::api::Api;
use crate::away::{self, PlatformFlags};
use crate::exit::{Exit, Failure};

/// The lab's name when nobody gives one.
pub(crate) const DEFAULT_LAB: &str = "default";

/// Names a lab.
#[derive(Debug, Clone, Args)]
pub(crate) struct LabFlags {
    /// Name of the lab [default: the only one there is, or `default`]
    #[arg(long, env = "FIREDRILL_LAB", value_parser = lab_name)]
    pub(crate) lab: Option<String>,
    /// Folder of the labs' files
    #[arg(long, env = "FIREDRILL_DIR", default_value = ".firedrill", value_name = "FOLDER")]
    pub(crate) dir: PathBuf,
}

/// Names a lab and a role in it.
#[derive(Debug, Clone, Args)]
pub(crate) struct Access {
    #[command(flatten)]
    pub(crate) lab: LabFlags,
    /// Act as this role
    #[arg(long = "as", value_enum, default_value_t = As::Operator, value_name = "ROLE")]
    role: As,
}

/// A role, as it is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum As {
    /// Reads what candidates may see
    Observer,
    /// Changes policies, restarts and scales the shop, speaks
    Candidate,
    /// Everything, faults included
    Operator,
}

impl LabFlags {
    /// The name that a new lab gets.
    pub(crate) fn name(&self) -> &str {
        self.lab.as_deref().unwrap_or(DEFAULT_LAB)
    }

    /// The lab of the name that a new one would get, if there is one, with a way to its controller.
    pub(crate) fn known(&self, platform: &PlatformFlags) -> Result<Option<LabFile>, Failure> {
        let file = match LabFile::load(&self.dir, self.name()) {
            Ok(file) => file,
            Err(platform::LabError::Missing { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        platform.fits(&file)?;
        away::reach(file).map(Some)
    }

    /// The file of the lab that is meant, with a way to its controller.
    pub(crate) fn find(&self) -> Result<LabFile, Failure> {
        away::reach(self.find_file()?)
    }

    /// The file of the lab that is meant.
    pub(crate) fn find_file(&self) -> Result<LabFile, Failure> {
        let labs = LabFile::list(&self.dir);
        let name = choose(self.lab.as_deref(), &labs)?;
        let file = LabFile::load(&self.dir, name);
        file.map_err(|error| match &error {
            platform::LabError::Missing { .. } if !labs.is_empty() => Failure::caused(&error)
                .hint(format!("there is `{}`; `firedrill up --lab {name}` starts it", labs.join("`, `"))),
            _ => error.into(),
        })
    }
}

impl Access {
    /// The role that is meant.
    pub(crate) fn role(&self) -> Role {
        self.role.into()
    }

    /// The controller of the lab that is meant, asked in the role that is meant.
    pub(crate) fn api(&self) -> Result<Api, Failure> {
        Ok(Api::of(&self.lab.find()?, self.role.into()))
    }
}

impl From<As> for Role {
    fn from(role: As) -> Self {
        match role {
            As::Observer => Self::Observer,
            As::Candidate => Self::Candidate,
            As::Operator => Self::Operator,
        }
    }
}

fn choose<'a>(asked: Option<&'a str>, labs: &'a [String]) -> Result<&'a str, Failure> {
    match (asked, labs) {
        (Some(asked), _) => Ok(asked),
        (None, [only]) => Ok(only),
        (None, labs) if labs.is_empty() || labs.iter().any(|lab| lab == DEFAULT_LAB) => Ok(DEFAULT_LAB),
        (None, labs) => Err(Failure::new(Exit::Usage, "several labs run here, and none is called `default`")
            .hint(format!("add one of `--lab {}`", labs.join("`, `--lab ")))),
    }
}

/// The name becomes a file's and a folder's.
fn lab_name(name: &str) -> Result<String, String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !name.is_empty() && name.len() <= 64 && name.chars().all(fits) {
        Ok(name.to_owned())
    } else {
        Err("a lab's name has 1 to 64 letters, digits, `-` and `_`".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labs(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn the_only_lab_is_meant_and_else_the_default_one() {
        assert_eq!(choose(None, &labs(&["red"])).unwrap(), "red");
        assert_eq!(choose(None, &labs(&[])).unwrap(), "default");
        assert_eq!(choose(None, &labs(&["default", "red"])).unwrap(), "default");
        assert_eq!(choose(Some("blue"), &labs(&["red"])).unwrap(), "blue");
        assert_eq!(choose(None, &labs(&["blue", "red"])).unwrap_err().exit, Exit::Usage);
    }

    #[test]
    fn a_name_that_is_no_file_name_is_refused() {
        assert!(lab_name("team-7").is_ok());
        for bad in ["", "a/b", "..", "a b"] {
            assert!(lab_name(bad).is_err(), "{bad}");
        }
    }
}
