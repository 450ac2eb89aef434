//! The account service: a profile is a function of the user's name, so that
//! fifty thousand users cost no memory.

use proto::shop::account_server::Account;
use proto::shop::{AccountView, GetAccountRequest};
use tonic::{Request, Response, Status};

const FIRST: [&str; 8] = ["Ada", "Grace", "Edsger", "Barbara", "Leslie", "Radia", "Tony", "Frances"];
const LAST: [&str; 7] = ["Lovelace", "Hopper", "Dijkstra", "Liskov", "Lamport", "Perlman", "Hoare"];
/// One user in this many has paid for being served first.
const GOLD_EVERY: u64 = 10;

/// Answers `Account`.
pub(crate) struct AccountService;

#[tonic::async_trait]
impl Account for AccountService {
    async fn get(&self, request: Request<GetAccountRequest>) -> Result<Response<AccountView>, Status> {
        let user = request.into_inner().user;
        if user.is_empty() {
            return Err(mesh::decline("a user has a name"));
        }
        let number = number(&user);
        let first = FIRST[(number % FIRST.len() as u64) as usize];
        let last = LAST[(number / 8 % LAST.len() as u64) as usize];
        let tier = if number.is_multiple_of(GOLD_EVERY) { "gold" } else { "standard" };
        Ok(Response::new(AccountView { user, name: format!("{first} {last}"), tier: tier.to_owned() }))
    }
}

/// A number that always belongs to this user (FNV-1a, 64 bits).
fn number(user: &str) -> u64 {
    user.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn get(user: &str) -> Result<AccountView, Status> {
        let request = Request::new(GetAccountRequest { user: user.to_owned() });
        AccountService.get(request).await.map(Response::into_inner)
    }

    #[tokio::test]
    async fn a_user_keeps_their_name() {
        assert_eq!(get("u1").await.unwrap(), get("u1").await.unwrap());
        assert_ne!(get("u1").await.unwrap().name, get("u2").await.unwrap().name);
    }

    #[tokio::test]
    async fn nobody_has_no_account() {
        assert!(get("").await.is_err());
    }
}
