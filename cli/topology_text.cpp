#include "cli/topology_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "analysis/report/plural.hpp"
#include "analysis/report/text_table.hpp"
#include "models/field/diagnostics.hpp"
#include "models/messaging/headers.hpp"

namespace tailrace::cli {

namespace {

using models::escaped;
using models::Step;
using models::Topology;

constexpr std::size_t kMostComponents = 40;  // of each kind
constexpr std::size_t kMostSteps = 60;       // of each list of steps

// A routing key, and the headers that travel with it (models/messaging/headers.hpp).
std::string route_text(const std::string& route) {
  const std::string key(models::key_alone(route));
  std::string text = key.empty() ? std::string() : "routing key " + escaped(key);
  if (key.size() == route.size()) return text;
  std::string headers = route.substr(key.size() + 1, route.size() - key.size() - 2);
  for (std::size_t at = headers.find(models::kHeaderMark); at != std::string::npos;
       at = headers.find(models::kHeaderMark))
    headers.replace(at, 1, ", ");
  return text + (text.empty() ? "" : ", ") + "headers " + escaped(headers);
}

// Four digits and the unit that fits.
std::string short_duration(double ns) {
  constexpr std::array<std::pair<const char*, double>, 6> kUnits = {
      {{"h", 3600e9}, {"min", 60e9}, {"s", 1e9}, {"ms", 1e6}, {"us", 1e3}, {"ns", 1}}};
  for (const auto& [name, scale] : kUnits) {
    if (ns >= scale * 0.99995) return fmt::format("{:.4g}{}", ns / scale, name);
  }
  return ns == 0 ? "0s" : fmt::format("{:.4g}ns", ns);
}

std::string count_text(std::int64_t n) {
  return n == models::kUnlimited ? "unlimited" : analysis::human_count(static_cast<std::uint64_t>(n));
}

template <class Enum, std::size_t N>
const char* word(Enum value, const std::array<const char*, N>& words) {
  return words[static_cast<std::size_t>(value)];
}
constexpr std::array<const char*, 5> kDisciplines = {"fifo", "lifo", "priority", "preemptive_priority",
                                                     "shortest_job_first"};
constexpr std::array<const char*, 7> kBalancers = {"round_robin", "random",    "least_request", "weighted",
                                                   "peak_ewma",   "ring_hash", "maglev"};

std::string duration_text(sim::Duration d) {
  return short_duration(static_cast<double>(d.ns));
}

// Outermost first.
std::string chain_text(const std::vector<models::AdmissionUse>& uses, std::optional<bool> per_attempt = {}) {
  std::vector<std::string> names;
  for (const models::AdmissionUse& use : uses) {
    if (!per_attempt || use.per_attempt == *per_attempt) names.push_back(use.policy);
  }
  return fmt::format("{}", fmt::join(names, " > "));
}

std::string fallback_text(const models::Fallback& f) {
  if (f.steps) return "fallback steps";
  return f.stale ? "fallback to an answer no older than " + duration_text(*f.stale) : "fallback value";
}

std::string call_text(const Topology& t, int edge) {
  const models::Edge& e = t.edges[static_cast<std::size_t>(edge)];
  const bool publishes = e.publication != models::kNone;
  std::string text = (publishes ? "publish to " : "call ") + escaped(t.operation_name(e.operation));
  std::vector<std::string> policies;  // in the order in which the call meets them
  if (publishes) {
    const models::PublishSettings& p = t.publications[static_cast<std::size_t>(e.publication)];
    if (p.route != 0) policies.push_back(route_text(t.routing_keys[p.route]));
    if (p.key) policies.push_back("key " + escaped(p.key->to_string()));
    if (!p.request_key && !p.key) policies.push_back("no key");
    if (p.delay) policies.push_back("delayed " + time_text(*p.delay));
    if (p.ttl_us > 0) policies.push_back("lives " + short_duration(p.ttl_us * 1e3));
    if (p.priority > 0) policies.push_back(fmt::format("priority {}", p.priority));
    if (!p.confirm) policies.push_back("unconfirmed");
  }
  if (e.deadline) policies.push_back("deadline " + duration_text(*e.deadline));
  if (e.timeout) policies.push_back("timeout " + duration_text(*e.timeout));
  if (const std::string once = chain_text(e.admissions, false); !once.empty())
    policies.push_back("once " + once);
  if (e.retries != 0) {
    policies.push_back(fmt::format("{} retr{} after {}..{}{}", count_text(e.retries),
                                   e.retries == 1 ? "y" : "ies", duration_text(e.backoff.base),
                                   duration_text(e.backoff.max), e.retry_budget ? " within a budget" : ""));
  }
  if (e.hedging) {
    policies.push_back(fmt::format("up to {} hedge{}{}", e.hedging->most, e.hedging->most == 1 ? "" : "s",
                                   e.hedging->budget ? " within a budget" : ""));
  }
  if (const std::string each = chain_text(e.admissions, true); !each.empty())
    policies.push_back("each attempt " + each);
  if (e.per_try_timeout) policies.push_back("per try " + duration_text(*e.per_try_timeout));
  if (e.cancels) policies.push_back("cancels");
  if (e.fallback) policies.push_back(fallback_text(*e.fallback));
  if (e.ignore_failure) policies.push_back("failure ignored");
  if (!policies.empty()) text += fmt::format(" ({})", fmt::join(policies, ", "));
  return text;
}

}  // namespace

std::string time_text(const sim::Distribution& distribution) {
  if (distribution.is_constant()) return short_duration(distribution.mean());
  // The distribution prints itself in ns; the parameters that are times are respelled.
  const std::string raw = distribution.to_string();
  std::string out;
  for (std::size_t at = 0; at < raw.size();) {
    bool time = false;
    for (const std::string_view key :
         {"mean=", "mean1=", "mean2=", "min=", "max=", "sd=", "scale=", "constant("}) {
      if (raw.compare(at, key.size(), key) != 0 || (at > 0 && raw[at - 1] >= 'a' && raw[at - 1] <= 'z'))
        continue;
      out += key;
      at += key.size();
      time = true;
      break;
    }
    if (time) {
      double value = 0;
      const auto [stop, code] = std::from_chars(raw.data() + at, raw.data() + raw.size(), value);
      if (code != std::errc()) return raw;
      out += short_duration(value);
      at = static_cast<std::size_t>(stop - raw.data());
    } else {
      out += raw[at++];
    }
  }
  return out;
}

std::string arrivals_text(const models::Workload& w) {
  const std::string spacing = w.spacing.is_constant()                              ? "regular"
                              : w.spacing.to_string().rfind("exponential", 0) == 0 ? "Poisson"
                                                                                   : w.spacing.to_string();
  std::string text;
  switch (w.process) {
    case models::ArrivalProcess::constant_rate:
      text = fmt::format("{}, {}", analysis::human_rate(w.rate_per_s), spacing);
      break;
    case models::ArrivalProcess::ramping_rate: {
      text = fmt::format("from {}", analysis::human_rate(w.rate_per_s));
      for (std::size_t i = 0; i < w.stages.size() && i < 6; ++i) {
        text += fmt::format(" to {} in {}", analysis::human_rate(w.stages[i].target),
                            short_duration(static_cast<double>(w.stages[i].duration.ns)));
      }
      if (w.stages.size() > 6) text += " ...";
      text += ", " + spacing;
      break;
    }
    case models::ArrivalProcess::sinusoidal_rate:
      text = fmt::format("{} +- {} in waves of {}, {}", analysis::human_rate(w.rate_per_s),
                         analysis::human_rate(w.amplitude_per_s),
                         short_duration(static_cast<double>(w.period.ns)), spacing);
      break;
    case models::ArrivalProcess::mmpp: {
      std::vector<std::string> states;
      for (std::size_t i = 0; i < w.states.size() && i < 6; ++i) {
        states.push_back(fmt::format("{} for {}", analysis::human_rate(w.states[i].rate_per_s),
                                     short_duration(static_cast<double>(w.states[i].mean_sojourn.ns))));
      }
      text = fmt::format("bursts: {}", fmt::join(states, ", "));
      break;
    }
    case models::ArrivalProcess::trace:
      text =
          fmt::format("{} recorded arrivals", w.trace_ns ? analysis::human_count(w.trace_ns->size()) : "no");
      break;
    case models::ArrivalProcess::constant_vus:
      text = fmt::format("{} virtual users, think time {}", count_text(w.vus), time_text(w.think_time));
      break;
    case models::ArrivalProcess::ramping_vus:
      text = fmt::format("{} virtual users at first, {} stages, think time {}", count_text(w.vus),
                         w.stages.size(), time_text(w.think_time));
      break;
  }
  if (!w.batch_size.is_constant() || w.batch_size.mean() != 1)
    text += ", batches of " + w.batch_size.to_string();
  return text;
}

std::string balancer_text(const models::BalancerSettings& b) {
  std::string text = word(b.policy, kBalancers);
  const bool choice =
      b.policy == models::Balancing::least_request || b.policy == models::Balancing::peak_ewma;
  if (choice && b.choice_count != 2)
    text += b.choice_count == 0 ? " of all" : fmt::format(" of {}", b.choice_count);
  std::vector<std::string> more;
  if (b.own_view) more.push_back("own calls only");
  if (b.load_bound > 0) more.push_back(fmt::format("at most {} x the mean load", b.load_bound));
  if (b.subset_size > 0) more.push_back(fmt::format("subsets of {}", b.subset_size));
  if (b.zone_aware) more.push_back("own zone first");
  if (b.sticky) more.push_back("sticky");
  if (b.slow_start.ns > 0) more.push_back("slow start " + duration_text(b.slow_start));
  if (b.outliers) more.push_back("outlier detection");
  if (b.health) more.push_back("health checks every " + duration_text(b.health->interval));
  return more.empty() ? text : fmt::format("{} ({})", text, fmt::join(more, ", "));
}

// `worker`: what its users call what serves a request there.
std::string station_text(const models::Station& s, std::string_view worker) {
  std::vector<std::string> parts;
  if (s.scaling && s.scaling->least != s.scaling->most) {
    parts.push_back(fmt::format("{} to {} instances, {} at the start", s.scaling->least, s.scaling->most,
                                s.scaling->initial));
  } else {
    const std::int64_t n = s.scaling ? s.scaling->most : s.instances;
    parts.push_back(fmt::format("{} instance{}", count_text(n), n == 1 ? "" : "s"));
  }
  parts.push_back(s.workers == models::kUnlimited
                      ? fmt::format("unlimited {}s", worker)
                      : fmt::format("{} {}{}{}", count_text(s.workers), worker, s.workers == 1 ? "" : "s",
                                    s.instances > 1 ? " each" : ""));
  if (s.workers != models::kUnlimited) {
    parts.push_back(fmt::format(
        "{}queue {}{}{}", s.shared_queue ? "shared " : "", count_text(s.queue_capacity),
        s.discipline == models::Discipline::fifo ? "" : std::string(" ") + word(s.discipline, kDisciplines),
        s.patience ? ", left after " + time_text(*s.patience) : ""));
  }
  if (s.cpus) parts.push_back(fmt::format("{} cpus", *s.cpus));
  if (!s.blocking) parts.push_back("async");
  if (s.instances > 1) parts.push_back(balancer_text(s.balancer));
  if (s.discovery && s.discovery->by == models::DiscoveryBy::dns)
    parts.push_back(fmt::format("found by dns through {} (ttl {})", escaped(s.discovery->ask.operation_name),
                                duration_text(s.discovery->ttl)));
  if (s.discovery && s.discovery->by == models::DiscoveryBy::registry)
    parts.push_back(fmt::format("found through {} (lease {})", escaped(s.discovery->ask.operation_name),
                                duration_text(s.discovery->lease)));
  for (const models::StartGate& gate : s.gates)
    parts.push_back(fmt::format("{} by {} before it serves", gate.name, escaped(gate.call.operation_name)));
  if (!s.doors.empty()) parts.push_back("door " + chain_text(s.doors));
  if (s.queue_policy != nullptr) parts.push_back("a queue policy");
  if (s.cancellation == models::Cancellation::at_step) parts.push_back("stops between steps when left");
  if (s.cancellation == models::Cancellation::at_once) parts.push_back("stops at once when left");
  if (s.drop_expired) parts.push_back("drops what is past its deadline");
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string steps_text(const Topology& t, const models::Steps& steps, int indent);

// What comes before it, what it is, and what follows a miss or a write.
std::string cache_text(const Topology& t, const Step& s, int indent) {
  using models::CacheUse;
  const std::string pad(static_cast<std::size_t>(indent), ' ');
  const std::string first = steps_text(t, s.branches[0].steps, indent);
  const std::string then = steps_text(t, s.branches[1].steps, indent + 2);
  const std::string& name = t.caches[static_cast<std::size_t>(s.ref)].name;
  const auto line = [&](const char* text) { return pad + fmt::format(fmt::runtime(text), name) + "\n"; };
  switch (s.use) {
    case CacheUse::look:
      return first + line("look in {}; when it is not there") + then;
    case CacheUse::probe:
      return first + line("look in {}");
    case CacheUse::put:
      return first + line("write to {}");
    case CacheUse::drop:
      return first + line("delete from {}");
    case CacheUse::write:
      return first + line("then write to {}") + then;
    case CacheUse::invalidate:
      return first + line("then delete from {}") + then;
    case CacheUse::behind:
      return first + line("write to {}, and later") + then;
    case CacheUse::access:
      return first;
  }
  return {};
}

std::string background_text(const Topology& t, const Step& s, int indent) {
  using models::SubscriptionUse;
  const std::string pad(static_cast<std::size_t>(indent), ' ');
  const std::string inside = steps_text(t, s.branches[0].steps, indent + 2);
  switch (s.subscription) {
    case SubscriptionUse::announce:
      return pad + fmt::format("notify all who are subscribed at {}\n", t.operation_name(s.held_at));
    case SubscriptionUse::fan_out:
      return pad + "for each subscriber of the instance\n" + inside;
    case SubscriptionUse::admit:
      return pad + fmt::format("refuse more than {} subscriptions\n", s.most_held);
    case SubscriptionUse::none:
    case SubscriptionUse::hold:
      break;
  }
  return pad + "in the background\n" + inside;
}

std::string steps_text(const Topology& t, const models::Steps& steps, int indent) {
  std::string out;
  const std::string pad(static_cast<std::size_t>(indent), ' ');
  std::size_t shown = 0;
  for (const Step& s : steps) {
    if (++shown > kMostSteps) {
      out += pad + fmt::format("... and {} more steps\n", steps.size() - kMostSteps);
      break;
    }
    switch (s.kind) {
      case Step::Kind::compute:
        out += pad + "compute " + time_text(*s.distribution) + "\n";
        break;
      case Step::Kind::sleep:
        if (s.subscription == models::SubscriptionUse::hold) {
          out += pad + "hold a subscription for " + time_text(*s.distribution) + "; at each event\n" +
                 steps_text(t, s.branches[0].steps, indent + 2);
          break;
        }
        out += pad + "sleep " + time_text(*s.distribution) + "\n";
        break;
      case Step::Kind::call:
        out += pad + call_text(t, s.edge) + "\n";
        if (!s.branches.empty())
          out += pad + "  if it fails\n" + steps_text(t, s.branches.front().steps, indent + 4);
        break;
      case Step::Kind::attempt:
        out += pad + "try\n" + steps_text(t, s.branches[0].steps, indent + 2);
        if (!s.branches[1].steps.empty())
          out += pad + "if that fails\n" + steps_text(t, s.branches[1].steps, indent + 2);
        break;
      case Step::Kind::background:
        out += background_text(t, s, indent);
        break;
      case Step::Kind::effect:
        out += pad + fmt::format("effect {}\n", t.effects[static_cast<std::size_t>(s.ref)].name) +
               steps_text(t, s.branches[0].steps, indent + 2);
        break;
      case Step::Kind::deposit:
        out += pad + "keep the message\n";
        break;
      case Step::Kind::milestone:
        out += pad + fmt::format("milestone {}\n", t.milestones[static_cast<std::size_t>(s.ref)].name);
        break;
      case Step::Kind::await:
        out += pad +
               fmt::format("wait until {} has handled it\n", t.effects[static_cast<std::size_t>(s.ref)].name);
        break;
      case Step::Kind::cache:
        out += cache_text(t, s, indent);
        break;
      case Step::Kind::fail:
        out += pad + fmt::format("{} with probability {}\n", s.ref == models::kNone ? "fail" : "refuse",
                                 analysis::human_fraction(s.probability));
        break;
      case Step::Kind::loop:
        out += pad + fmt::format("repeat {} times\n", s.distribution->is_constant()
                                                          ? fmt::format("{}", s.distribution->mean())
                                                          : s.distribution->to_string());
        out += steps_text(t, s.branches.front().steps, indent + 2);
        break;
      case Step::Kind::parallel:
      case Step::Kind::branch: {
        const bool parallel = s.kind == Step::Kind::parallel;
        out +=
            pad + (parallel ? fmt::format("in parallel, {} of {} must succeed\n", s.needed, s.branches.size())
                            : std::string(s.needed == 1 ? "by the client, one of\n" : "one of\n"));
        std::size_t branches = 0;
        for (const models::StepBranch& b : s.branches) {
          if (++branches > kMostSteps) {
            out += pad + fmt::format("  ... and {} more\n", s.branches.size() - kMostSteps);
            break;
          }
          std::string inner = steps_text(t, b.steps, indent + 4);
          const std::string mark = parallel ? "- " : analysis::human_fraction(b.probability) + ": ";
          if (inner.empty()) inner = pad + "    nothing\n";
          out += pad + "  " + mark + inner.substr(static_cast<std::size_t>(indent) + 4);
        }
        break;
      }
    }
  }
  return out;
}

namespace {

// Who handles what a channel keeps, below the channel.
std::string groups_text(const Topology& t, const models::MessageChannel& channel) {
  std::string out;
  std::size_t count = 0;
  for (const models::ConsumerGroup& g : channel.groups) {
    if (++count > kMostComponents) continue;
    const std::string name = escaped(g.name.substr(channel.name.size() + 1));
    if (g.operation == models::kNone) {
      out += fmt::format("    {}: nobody handles its messages\n", name);
      continue;
    }
    const models::Operation& op = t.operations[static_cast<std::size_t>(g.operation)];
    const models::Station& s = t.stations[static_cast<std::size_t>(g.station)];
    out += fmt::format(
        "    {} handled by {} instance{}, {} message{} at a time{}{}{}{}\n", name, count_text(s.instances),
        s.instances == 1 ? "" : "s", count_text(s.workers), s.workers == 1 ? "" : "s",
        s.instances > 1 ? " each" : "", s.cpus ? fmt::format(", {} cpus", *s.cpus) : "",
        op.error_rate > 0 ? fmt::format(", {} errors", analysis::human_fraction(op.error_rate)) : "",
        g.transactional ? ", in a transaction" : "");
    // The effect is that a message is handled: only what this takes is worth saying.
    const models::Effect& effect = t.effects[static_cast<std::size_t>(g.effect)];
    if (effect.idempotent)
      out += fmt::format("      repetitions are recognised{}\n",
                         effect.ttl ? " for " + duration_text(*effect.ttl) : "");
    const bool plain = op.steps.size() == 1 && op.steps.front().kind == Step::Kind::effect;
    out += steps_text(t, plain ? op.steps.front().branches.front().steps : op.steps, 6);
  }
  if (count > kMostComponents) out += fmt::format("    ... and {} more\n", count - kMostComponents);
  return out;
}

}  // namespace

std::string topology_text(const Topology& t, analysis::TextStyle style) {
  std::string out;
  const auto heading = [&](const std::string& text) {
    out += "\n" + analysis::inked(text, analysis::Ink::bold, style) + "\n";
  };
  if (!t.name.empty() || !t.about.empty()) {
    out += analysis::inked(escaped(t.name), analysis::Ink::bold, style) +
           (t.about.empty() || t.name.empty() ? "" : ": ") + escaped(t.about) + "\n";
  }
  const std::string warmup =
      t.run.warmup_auto ? ", warm-up found by itself"
      : t.run.warmup.ns > 0
          ? ", of these " + short_duration(static_cast<double>(t.run.warmup.ns)) + " warm-up"
          : "";
  out += fmt::format("{} replication{} of {}{}, seed {}\n", t.run.replications,
                     t.run.replications == 1 ? "" : "s",
                     short_duration(static_cast<double>(t.run.duration.ns)), warmup, t.run.seed);

  heading("workloads");
  std::size_t shown = 0;
  for (const models::Workload& w : t.workloads) {
    if (++shown > kMostComponents) {
      out += fmt::format("  ... and {} more\n", t.workloads.size() - kMostComponents);
      break;
    }
    out += fmt::format("  {}: {}\n", escaped(w.name), arrivals_text(w));
    double weights = 0;
    for (const models::RequestClass& c : w.classes) weights += c.weight;
    for (const models::RequestClass& c : w.classes) {
      if (w.classes.size() > 1)
        out += fmt::format("    {} {}{}\n", escaped(c.name), analysis::human_fraction(c.weight / weights),
                           c.priority != 0 ? fmt::format(", priority {}", c.priority) : "");
      out += steps_text(t, c.steps, w.classes.size() > 1 ? 6 : 4);
    }
  }
  if (t.workloads.empty()) out += "  none\n";

  std::vector<std::size_t> order(t.components.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return t.components[a].declared_order < t.components[b].declared_order;
  });
  std::vector<std::vector<std::size_t>> stations(t.components.size()), operations(t.components.size());
  for (std::size_t i = 0; i < t.stations.size(); ++i)
    stations[static_cast<std::size_t>(t.stations[i].component)].push_back(i);
  for (std::size_t i = 0; i < t.operations.size(); ++i)
    operations[static_cast<std::size_t>(t.operations[i].component)].push_back(i);
  std::vector<char> is_group(t.stations.size(), 0);
  for (const models::MessageChannel& channel : t.channels) {
    for (const models::ConsumerGroup& g : channel.groups) {
      if (g.station != models::kNone) is_group[static_cast<std::size_t>(g.station)] = 1;
    }
  }
  std::vector<std::string> kinds;
  for (const std::size_t i : order) {
    const std::string& kind = t.components[i].kind;
    if (!stations[i].empty() && std::find(kinds.begin(), kinds.end(), kind) == kinds.end())
      kinds.push_back(kind);
  }
  for (const std::string& kind : kinds) {
    heading(analysis::plural(kind));
    std::size_t count = 0;
    for (const std::size_t i : order) {
      const models::Component& c = t.components[i];
      if (c.kind != kind || ++count > kMostComponents) continue;
      for (const std::size_t s : stations[i]) {
        if (is_group[s] != 0) continue;
        out += fmt::format("  {}: {}\n", escaped(t.stations[s].name),
                           station_text(t.stations[s], kind == "database" ? "connection" : "worker"));
      }
      for (const std::size_t o : operations[i]) {
        const models::Operation& op = t.operations[o];
        if (op.station != models::kNone && is_group[static_cast<std::size_t>(op.station)] != 0) continue;
        out += fmt::format(
            "    {}{}\n", escaped(op.name),
            op.error_rate > 0 ? fmt::format(", {} errors", analysis::human_fraction(op.error_rate)) : "");
        out += steps_text(t, op.steps, 6);
      }
      for (const models::MessageChannel& channel : t.channels) {
        if (channel.component == static_cast<int>(i)) out += groups_text(t, channel);
      }
    }
    if (count > kMostComponents) out += fmt::format("  ... and {} more\n", count - kMostComponents);
  }

  if (!t.links.empty()) {
    heading("network");
    std::size_t links = 0;
    for (const models::Link& l : t.links) {
      if (++links > kMostComponents) continue;
      std::vector<std::string> parts;
      if (l.latency) parts.push_back("latency " + time_text(*l.latency));
      if (l.jitter) parts.push_back("jitter " + time_text(*l.jitter));
      if (l.bandwidth_bit_per_s > 0) parts.push_back(analysis::human_bytes_per_s(l.bandwidth_bit_per_s / 8));
      if (l.loss > 0) parts.push_back(fmt::format("loss {}", analysis::human_fraction(l.loss)));
      if (l.sharing == models::LinkSharing::fair) parts.push_back("shared");
      if (l.initial_window > 0) parts.push_back(fmt::format("first window {}", l.initial_window));
      out += fmt::format("  {}: {}\n", escaped(l.name), fmt::join(parts, ", "));
    }
    if (links > kMostComponents) out += fmt::format("  ... and {} more\n", links - kMostComponents);
  }
  if (!t.thresholds.empty()) {
    heading("thresholds");
    for (const models::Threshold& threshold : t.thresholds)
      out += fmt::format("  {}: {}\n", escaped(threshold.metric), escaped(threshold.expression));
  }
  return out;
}

}  // namespace tailrace::cli
