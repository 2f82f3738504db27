//! Domains below which anyone can have a host.

use crate::template::Segment;

/// How far below a domain hosts are given away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// The label before the domain is the customer's; what is below that is the customer's too.
    Label,
    /// Labels between, such as a region or a service, are the provider's.
    Deep,
}

use Reach::{Deep, Label};

/// Model providers, clouds, and where applications and tunnels are hosted.
const SHARED: &[(&str, Reach)] = &[
    ("openai.azure.com", Label),
    ("cognitiveservices.azure.com", Label),
    ("services.ai.azure.com", Label),
    ("models.ai.azure.com", Deep),
    ("inference.ai.azure.com", Deep),
    ("inference.ml.azure.com", Deep),
    ("azure-api.net", Label),
    ("azurewebsites.net", Label),
    ("azurecontainerapps.io", Deep),
    ("azurefd.net", Deep),
    ("azureedge.net", Label),
    ("cloudapp.azure.com", Deep),
    ("cloudapp.net", Label),
    ("trafficmanager.net", Label),
    ("core.windows.net", Deep),
    ("amazonaws.com", Deep),
    ("amazonaws.com.cn", Deep),
    ("on.aws", Deep),
    ("awsapprunner.com", Deep),
    ("elasticbeanstalk.com", Deep),
    ("cloudfront.net", Label),
    ("run.app", Deep),
    ("appspot.com", Deep),
    ("cloudfunctions.net", Label),
    ("storage.googleapis.com", Label),
    ("web.app", Label),
    ("firebaseapp.com", Label),
    ("endpoints.huggingface.cloud", Deep),
    ("hf.space", Label),
    ("modal.run", Label),
    ("proxy.runpod.net", Label),
    ("api.baseten.co", Label),
    ("workers.dev", Label),
    ("pages.dev", Label),
    ("r2.dev", Label),
    ("trycloudflare.com", Label),
    ("herokuapp.com", Label),
    ("vercel.app", Label),
    ("netlify.app", Label),
    ("onrender.com", Label),
    ("fly.dev", Label),
    ("railway.app", Deep),
    ("ondigitalocean.app", Label),
    ("deno.dev", Label),
    ("replit.app", Label),
    ("supabase.co", Label),
    ("github.io", Label),
    ("gitlab.io", Label),
    ("ngrok.io", Deep),
    ("ngrok.app", Deep),
    ("ngrok.dev", Deep),
    ("ngrok-free.app", Label),
    ("ngrok-free.dev", Label),
    ("loca.lt", Label),
    ("ts.net", Deep),
    ("duckdns.org", Label),
    ("nip.io", Deep),
    ("sslip.io", Deep),
];

/// The shared domain that the literal end of a host lies in, if what stands before `rest` and the
/// literal `domain` decides whose host it is.
pub(super) fn domain(rest: &[Segment], domain: &str) -> Option<&'static str> {
    let mut end = String::new();
    let mut is_last = true;
    for segment in rest {
        match segment {
            Segment::Literal(text) => end.push_str(text),
            Segment::Placeholder(_) => {
                end.clear();
                is_last = false;
            }
        }
    }
    end.push_str(domain);
    let end = end.trim_end_matches('.').to_ascii_lowercase();
    // The rest of the label, and the labels that are written out.
    let (_, labels) = end.split_once('.')?;
    SHARED.iter().find_map(|(shared, reach)| {
        let between = labels.strip_suffix(shared)?;
        let is_below = match reach {
            Label => between.is_empty() && is_last,
            Deep => between.is_empty() || between.ends_with('.'),
        };
        is_below.then_some(*shared)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::parse;

    #[test]
    fn a_host_is_shared_where_its_free_label_decides_whose_it_is() {
        for (host, expected) in [
            ("$(headers.x).openai.azure.com", Some("openai.azure.com")),
            ("$(headers.x)-eu.OpenAI.azure.com.", Some("openai.azure.com")),
            ("$(headers.x).bedrock.eu-west-1.amazonaws.com", Some("amazonaws.com")),
            ("bedrock.$(headers.x).amazonaws.com", Some("amazonaws.com")),
            ("$(headers.x).mine.herokuapp.com", None),
            ("$(headers.x).llm.example.com", None),
            ("$(headers.x)-aiplatform.googleapis.com", None),
            ("$(headers.x).notngrok.io", None),
        ] {
            let segments = parse(host).unwrap().segments;
            let at = segments.iter().position(|segment| matches!(segment, Segment::Placeholder(_))).unwrap();
            assert_eq!(domain(&segments[at + 1..], ""), expected, "{host}");
        }
        assert_eq!(domain(&[], ".openai.azure.com"), Some("openai.azure.com"));
    }
}
