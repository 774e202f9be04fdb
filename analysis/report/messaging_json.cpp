#include "analysis/report/messaging_json.hpp"

#include "analysis/report/json_figures.hpp"

namespace tailrace::analysis {

namespace {

using models::kFates;

void fates(JsonText& json, std::string_view name, const std::uint64_t (&counts)[kFates]) {
  json.key(name).begin_inline_object();
  for (std::size_t f = 0; f < kFates; ++f)
    json.field(models::fate_name(static_cast<models::Fate>(f)), counts[f]);
  json.end_object();
}

void place(JsonText& json, const PlaceReport& p, const std::string& group) {
  json.begin_object().field("name", p.name).key("group");
  group.empty() ? json.null() : json.value(group);
  json.field("resident_at_start", p.counts.resident_at_start).field("accepted", p.counts.accepted);
  fates(json, "ended", p.counts.ended);
  json.field("ready", p.counts.ready)
      .field("in_flight", p.counts.in_flight)
      .field("deliveries", p.counts.deliveries)
      .field("redeliveries", p.counts.redeliveries)
      .field("peak", p.counts.peak);
  interval(json, "depth", p.depth);
  json.field("conserved", p.conserved).end_object();
}

void group(JsonText& json, const GroupReport& g) {
  json.begin_object().field("name", g.name).field("consumers", g.handles);
  json.field("deliveries", g.deliveries).field("redeliveries", g.redeliveries);
  interval(json, "redelivered_fraction", g.redelivered, g.deliveries);
  interval(json, "deliveries_per_message", g.per_message, g.deliveries);
  fates(json, "ended", g.ended);
  std::uint64_t ended = 0;
  for (const std::uint64_t n : g.ended) ended += n;
  interval(json, "dead_lettered_fraction", g.dead_lettered, ended);
  interval(json, "lag", g.lag);
  interval(json, "lag_at_end", g.lag_at_end);
  json.field("peak_lag", g.peak_lag).field("handled", g.handled);
  interval(json, "handled_per_s", g.throughput, g.handled);
  latency(json, "end_to_end_s", g.end_to_end);
  latency(json, "message_wait_s", g.wait);
  json.end_object();
}

void channel(JsonText& json, const ChannelReport& c, const models::ChannelModel& model) {
  json.begin_object().field("name", c.name).field("kind", c.kind);
  json.field("published", c.counts.published)
      .field("refused", c.counts.refused)
      .field("unrouted", c.counts.unrouted)
      .field("deduplicated", c.counts.deduplicated)
      .field("unpublished", c.unpublished);
  interval(json, "published_per_s", c.published, c.counts.published);
  interval(json, "refused_fraction", c.refused, c.counts.refused + c.counts.published);
  json.key("batches");
  if (c.batching) {
    json.begin_object().field("count", c.counts.batches);
    interval(json, "size", c.batch_size, c.counts.batches);
    interval(json, "per_s", c.batches_per_s, c.counts.batches);
    latency(json, "time_s", c.batching_time);
    json.end_object();
  } else {
    json.null();
  }
  json.field("elections", c.counts.elections)
      .field("rebalances", c.counts.rebalances)
      .field("receives", c.counts.receives)
      .field("empty_receives", c.counts.empty_receives)
      .field("late_deletes", c.counts.late_deletes)
      .field("blocked_s", sim::seconds_of(c.counts.blocked_ns))
      .field("rebalancing_s", sim::seconds_of(c.counts.rebalancing_ns));
  const std::vector<std::uint32_t> subscriptions = model.place_subscriptions();
  json.key("places").begin_array();
  for (std::size_t p = 0; p < c.places.size(); ++p) {
    const bool known = p < subscriptions.size() && subscriptions[p] < c.groups.size();
    place(json, c.places[p], known ? c.groups[subscriptions[p]].name : std::string());
  }
  json.end_array().key("groups").begin_array();
  for (const GroupReport& g : c.groups) group(json, g);
  json.end_array().field("events_cut", c.events_cut).key("events").begin_array();
  for (const ChannelEventReport& e : c.events) {
    json.begin_inline_object().field("replication", e.replication).field("at_s", e.at_s);
    json.field("what", e.what).key("place");
    e.place == models::kNobody ? json.null() : json.value(std::uint64_t{e.place});
    json.end_object();
  }
  json.end_array().end_object();
}

void effect(JsonText& json, const EffectReport& e) {
  json.begin_object().field("name", e.name).field("applied", e.counts.applied);
  json.field("distinct", e.counts.distinct)
      .field("duplicates", e.counts.duplicates)
      .field("skipped", e.counts.skipped)
      .field("out_of_order", e.counts.out_of_order);
  fates(json, "missed", e.counts.missed);
  json.field("pending", e.counts.pending);
  interval(json, "duplicate_fraction", e.duplicates, e.counts.applied);
  interval(json, "missed_fraction", e.missed, e.missed_count + e.counts.distinct);
  json.end_object();
}

void saga(JsonText& json, const SagaReport& s) {
  json.begin_object().field("name", s.name).field("durable", s.durable);
  json.field("started", s.started).field("completed", s.completed).field("compensated", s.compensated);
  json.field("open", s.open).field("hanging", s.hanging).field("stuck", s.stuck);
  json.field("timed_out", s.timed_out)
      .field("step_timed_out", s.step_timed_out)
      .field("late", s.late)
      .field("resumed", s.resumed);
  interval(json, "compensated_fraction", s.compensated_share, s.completed + s.compensated);
  latency(json, "completed_s", s.completing);
  latency(json, "compensated_s", s.compensating);
  json.end_object();
}

}  // namespace

void messaging_json(JsonText& json, const MessagingReport& report, const models::CompiledModel& model) {
  json.key("messaging");
  if (!report.present) {
    json.null();
    return;
  }
  json.begin_object().field("conserved", report.conserved).field("journeys_open", report.journeys_open);
  json.key("channels").begin_array();
  for (std::size_t c = 0; c < report.channels.size(); ++c)
    channel(json, report.channels[c], *model.channels[c].model);
  json.end_array().key("effects").begin_array();
  for (const EffectReport& e : report.effects) effect(json, e);
  json.end_array().key("milestones").begin_array();
  for (const MilestoneReport& m : report.milestones) {
    json.begin_object().field("name", m.name).field("count", m.time.count);
    interval(json, "per_s", m.rate, m.time.count);
    latency(json, "time_s", m.time);
    json.end_object();
  }
  json.end_array().key("sagas").begin_array();
  for (const SagaReport& s : report.sagas) saga(json, s);
  json.end_array().end_object();
}

}  // namespace tailrace::analysis
