//! The ids that Kong derives for entities of a file that have none. They matter because Kong
//! breaks ties between routes by id.

use uuid::{Uuid, uuid};

/// The namespace of DB-less entities.
const ENTITIES: Uuid = uuid!("fd02801f-0957-4a15-a55a-c8d9606f30b5");

/// The namespace of the parts into which Kong's router splits a route.
const SPLIT_ROUTES: Uuid = uuid!("7f145bf9-0dce-4f91-98eb-debbce4b9f6b");

/// The id of the entity of `table` (`routes`, `services`, …) with the unique key `key`: the name,
/// the username, or for a plugin Kong's cache key. An entity without such a key gets a random id
/// on every load, which nobody can foretell.
pub fn entity_id(table: &str, key: &str) -> Uuid {
    Uuid::new_v5(&Uuid::new_v5(&ENTITIES, table.as_bytes()), key.as_bytes())
}

/// The id of the `index`th part, counted from 1, of a route whose paths Kong ranks separately.
pub fn split_group_id(route: Uuid, index: usize) -> Uuid {
    Uuid::new_v5(&SPLIT_ROUTES, format!("{route}#{index}").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_those_that_kong_derives() {
        for (table, key, id) in [
            ("routes", "my-route", "481a9539-f49c-51b6-b2e2-fe99ee68866c"),
            ("services", "my-service", "0855b320-0dd2-547d-891d-601e9b38647f"),
            ("routes", "openai-chat", "f5ad9b2e-f11a-5152-8fad-cfa7d61e95d6"),
        ] {
            assert_eq!(entity_id(table, key).to_string(), id, "{table} {key}");
        }
    }

    #[test]
    fn parts_of_a_route_have_ids_of_their_own() {
        let route = entity_id("routes", "my-route");
        assert_ne!(split_group_id(route, 1), split_group_id(route, 2));
        assert_ne!(split_group_id(route, 1), route);
    }
}
