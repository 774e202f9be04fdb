#include "analysis/report/messaging_report.hpp"

#include <algorithm>

namespace tailrace::analysis {

namespace {

using models::ChannelRecord;
using models::CompiledModel;
using models::EffectRecord;
using models::PlaceCounts;
using models::RunRecord;
using Records = std::vector<RunRecord>;

double real(std::uint64_t n) {
  return static_cast<double>(n);
}

class Reporter {
 public:
  Reporter(const CompiledModel& model, const Records& records, double confidence)
      : model_(model), t_(*model.topology), records_(records), confidence_(confidence) {}

  MessagingReport run() {
    MessagingReport report;
    report.present = !t_.channels.empty() || !t_.effects.empty() || !t_.milestones.empty();
    if (!report.present) return report;
    for (std::size_t c = 0; c < model_.channels.size(); ++c) {
      report.channels.push_back(channel(c));
      for (const PlaceReport& p : report.channels.back().places)
        report.conserved = report.conserved && p.conserved;
    }
    for (std::size_t e = 0; e < t_.effects.size(); ++e) report.effects.push_back(effect(e));
    for (std::size_t m = 0; m < t_.milestones.size(); ++m) {
      MilestoneReport milestone;
      milestone.name = t_.milestones[m].name;
      const std::uint32_t series = model_.milestone_series[m];
      milestone.time = latency(series);
      milestone.rate = per_second([&](const RunRecord& r) { return r.series[series].count(); });
      report.milestones.push_back(std::move(milestone));
    }
    for (std::size_t s = 0; s < t_.sagas.size(); ++s) report.sagas.push_back(saga(s));
    for (const RunRecord& r : records_) report.journeys_open += r.journeys_open;
    return report;
  }

 private:
  // Sums over sums, one sample per replication.
  template <class Of>
  Interval ratio(RatioOf what, Of of) const {
    std::vector<RatioSample> samples;
    for (const RunRecord& r : records_) samples.push_back(of(r));
    return ratio_interval(samples, what, confidence_);
  }
  template <class Of>
  Interval per_second(Of of) const {
    return ratio(RatioOf::events, [&](const RunRecord& r) { return RatioSample{real(of(r)), r.seconds()}; });
  }
  LatencyReport latency(std::uint32_t series) const {
    std::vector<const sim::Histogram*> groups;
    if (series == models::kNoId) return {};
    for (const RunRecord& r : records_) groups.push_back(&r.series[series]);
    return latency_report(std::move(groups), {}, false, confidence_);
  }

  PlaceReport place(std::size_t channel, std::size_t id, std::string name) const {
    PlaceReport out;
    out.name = std::move(name);
    for (const RunRecord& r : records_) {
      const PlaceCounts& p = r.channels[channel].places[id];
      out.counts.resident_at_start += p.resident_at_start;
      out.counts.accepted += p.accepted;
      for (std::size_t f = 0; f < models::kFates; ++f) out.counts.ended[f] += p.ended[f];
      out.counts.ready += p.ready;
      out.counts.in_flight += p.in_flight;
      out.counts.deliveries += p.deliveries;
      out.counts.redeliveries += p.redeliveries;
      out.counts.peak = std::max(out.counts.peak, p.peak);
      out.counts.area += p.area;
      out.conserved = out.conserved && p.conserved();
    }
    out.depth = ratio(RatioOf::sums, [&](const RunRecord& r) {
      return RatioSample{static_cast<double>(r.channels[channel].places[id].area) * 1e-9, r.seconds()};
    });
    return out;
  }

  GroupReport group(std::size_t channel, std::uint32_t subscription,
                    const std::vector<std::uint32_t>& subscriptions) const {
    const std::uint32_t id = model_.channels[channel].first_group + subscription;
    const models::GroupTable& table = model_.groups[id];
    GroupReport out;
    out.name = t_.channels[channel].groups[subscription].name;
    out.handles = table.edge != models::kNoId;
    const auto of_places = [&](const RunRecord& r, auto use) {
      const std::vector<PlaceCounts>& places = r.channels[channel].places;
      for (std::size_t p = 0; p < places.size() && p < subscriptions.size(); ++p) {
        if (subscriptions[p] == subscription) use(places[p]);
      }
    };
    const auto sum = [&](const RunRecord& r, auto value) {
      double n = 0;
      of_places(r, [&](const PlaceCounts& p) { n += value(p); });
      return n;
    };
    std::vector<double> at_end;
    for (const RunRecord& r : records_) {
      std::uint64_t now = 0;
      of_places(r, [&](const PlaceCounts& p) {
        out.deliveries += p.deliveries;
        out.redeliveries += p.redeliveries;
        for (std::size_t f = 0; f < models::kFates; ++f) out.ended[f] += p.ended[f];
        out.peak_lag = std::max(out.peak_lag, p.peak);
        now += p.ready + p.in_flight;
      });
      at_end.push_back(real(now));
      out.peak_lag = std::max(out.peak_lag, now);
      for (const models::WindowRecord& w : r.windows) {
        if (w.end_ns > r.start_ns && id < w.depths.size())
          out.peak_lag = std::max(out.peak_lag, w.depths[id]);
      }
    }
    out.lag_at_end = mean_interval(at_end, confidence_);
    out.lag = ratio(RatioOf::sums, [&](const RunRecord& r) {
      return RatioSample{sum(r, [](const PlaceCounts& p) { return static_cast<double>(p.area) * 1e-9; }),
                         r.seconds()};
    });
    out.redelivered = ratio(RatioOf::trials, [&](const RunRecord& r) {
      return RatioSample{sum(r, [](const PlaceCounts& p) { return real(p.redeliveries); }),
                         sum(r, [](const PlaceCounts& p) { return real(p.deliveries); })};
    });
    out.per_message = ratio(RatioOf::sums, [&](const RunRecord& r) {
      return RatioSample{sum(r, [](const PlaceCounts& p) { return real(p.deliveries); }),
                         sum(r, [](const PlaceCounts& p) { return real(p.deliveries - p.redeliveries); })};
    });
    out.dead_lettered = ratio(RatioOf::trials, [&](const RunRecord& r) {
      constexpr auto kDead = static_cast<std::size_t>(models::Fate::dead_lettered);
      return RatioSample{sum(r, [](const PlaceCounts& p) { return real(p.ended[kDead]); }),
                         sum(r, [](const PlaceCounts& p) { return real(p.total_ended()); })};
    });
    if (!out.handles) return out;
    out.end_to_end = latency(table.end_to_end_series);
    out.wait = latency(table.waiting_series);
    out.handled = out.end_to_end.count;
    out.throughput =
        per_second([&](const RunRecord& r) { return r.series[table.end_to_end_series].count(); });
    return out;
  }

  ChannelReport channel(std::size_t id) const {
    const models::ChannelTable& table = model_.channels[id];
    ChannelReport out;
    out.name = t_.channels[id].name;
    out.kind = t_.components[static_cast<std::size_t>(t_.channels[id].component)].kind;
    const std::vector<std::string> event_names = table.model->event_names();
    for (const RunRecord& r : records_) {
      const models::ChannelCounts& c = r.channels[id].counts;
      out.counts.published += c.published;
      out.counts.unrouted += c.unrouted;
      out.counts.refused += c.refused;
      out.counts.deduplicated += c.deduplicated;
      out.counts.batches += c.batches;
      out.counts.elections += c.elections;
      out.counts.rebalances += c.rebalances;
      out.counts.receives += c.receives;
      out.counts.empty_receives += c.empty_receives;
      out.counts.late_deletes += c.late_deletes;
      out.counts.blocked_ns += c.blocked_ns;
      out.counts.rebalancing_ns += c.rebalancing_ns;
      out.unpublished += r.unpublished[id];
      out.events_cut = out.events_cut || r.channels[id].events.size() >= ChannelRecord::kMostEvents;
      for (const models::ChannelEvent& e : r.channels[id].events) {
        if (out.events.size() == kMostChannelEvents) {
          out.events_cut = true;
          break;
        }
        out.events.push_back({r.replication, sim::seconds_of(e.time_ns),
                              e.what < event_names.size() ? event_names[e.what] : std::string(), e.place});
      }
    }
    const auto counts = [id](const RunRecord& r) -> const models::ChannelCounts& {
      return r.channels[id].counts;
    };
    out.published = per_second([&](const RunRecord& r) { return counts(r).published; });
    out.refused = ratio(RatioOf::trials, [&](const RunRecord& r) {
      return RatioSample{real(counts(r).refused), real(counts(r).refused + counts(r).published)};
    });
    out.batching = out.counts.batches > 0;
    if (out.batching) {
      out.batch_size = ratio(RatioOf::sums, [&](const RunRecord& r) {
        return RatioSample{real(counts(r).published), real(counts(r).batches)};
      });
      out.batches_per_s = per_second([&](const RunRecord& r) { return counts(r).batches; });
      out.batching_time = latency(table.batching_series);
    }
    std::vector<std::string> names = table.model->place_names();
    for (std::size_t p = 0; p < names.size(); ++p) out.places.push_back(place(id, p, std::move(names[p])));
    const std::vector<std::uint32_t> subscriptions = table.model->place_subscriptions();
    for (std::uint32_t g = 0; g < table.groups; ++g) out.groups.push_back(group(id, g, subscriptions));
    for (std::uint32_t g = 0; g < table.groups; ++g) uneven(out, g, subscriptions);
    return out;
  }

  void uneven(ChannelReport& channel, std::uint32_t group,
              const std::vector<std::uint32_t>& subscriptions) const {
    constexpr double kMany = 10;  // messages; below, nobody asks where they are
    UnevenReport out;
    double seconds = 0, all = 0, consumed = 0, places = 0;
    for (const RunRecord& r : records_) seconds += r.seconds();
    const PlaceReport* fullest = nullptr;
    const auto handled = [](const PlaceReport& p) {
      return real(p.counts.ended[static_cast<std::size_t>(models::Fate::consumed)]);
    };
    for (std::size_t p = 0; p < channel.places.size() && p < subscriptions.size(); ++p) {
      if (subscriptions[p] != group) continue;
      const PlaceReport& place = channel.places[p];
      places += 1;
      all += place.depth.estimate;
      consumed += handled(place);
      if (fullest == nullptr || place.depth.estimate > fullest->depth.estimate) fullest = &place;
    }
    if (fullest == nullptr || places < 2 || !(fullest->depth.estimate > kMany) || !(seconds > 0)) return;
    out.kept = fullest->depth.estimate;
    out.rest = all - out.kept;
    if (out.kept < 3 * out.rest / (places - 1)) return;
    out.group = channel.groups[group].name;
    out.fullest = fullest->name;
    out.peak = fullest->counts.peak;
    out.throughput = handled(*fullest) / seconds;
    out.throughput_of_rest = (consumed - handled(*fullest)) / seconds / (places - 1);
    channel.uneven.push_back(std::move(out));
  }

  EffectReport effect(std::size_t id) const {
    EffectReport out;
    out.name = t_.effects[id].name;
    out.of_group = model_.effects[id].group != models::kNoId;
    for (const RunRecord& r : records_) {
      const EffectRecord& e = r.effects[id];
      out.counts.applied += e.applied;
      out.counts.distinct += e.distinct;
      out.counts.duplicates += e.duplicates;
      out.counts.skipped += e.skipped;
      out.counts.out_of_order += e.out_of_order;
      for (std::size_t f = 0; f < models::kFates; ++f) out.counts.missed[f] += e.missed[f];
      out.counts.pending += e.pending;
    }
    out.missed_count = missed_in_all(out.counts);
    out.duplicates = ratio(RatioOf::trials, [&](const RunRecord& r) {
      return RatioSample{real(r.effects[id].duplicates), real(r.effects[id].applied)};
    });
    out.missed = ratio(RatioOf::trials, [&](const RunRecord& r) {
      const std::uint64_t missed = missed_in_all(r.effects[id]);
      return RatioSample{real(missed), real(missed + r.effects[id].distinct)};
    });
    return out;
  }

  SagaReport saga(std::size_t id) const {
    const models::Saga& s = t_.sagas[id];
    const models::SagaTable& table = model_.sagas[id];
    const auto passed = [&](int milestone) {
      std::uint64_t sum = 0;
      if (milestone == models::kNone) return sum;
      const std::uint32_t series = model_.milestone_series[static_cast<std::size_t>(milestone)];
      for (const RunRecord& r : records_) sum += r.series[series].count();
      return sum;
    };
    SagaReport out;
    out.name = s.name;
    out.durable = s.durable;
    out.started = passed(s.started);
    out.completed = passed(s.completed);
    out.compensated = passed(s.failed);
    out.stuck = passed(s.stuck);
    out.resumed = passed(s.resumed);
    out.timed_out = passed(s.timed_out);
    out.step_timed_out = passed(s.step_timed_out);
    out.late = passed(s.late);
    const auto ended = static_cast<std::size_t>(s.ended);
    for (const RunRecord& r : records_) {
      out.open += r.effects[ended].pending;
      out.hanging += missed_in_all(r.effects[ended]);
    }
    out.compensated_share = ratio(RatioOf::trials, [&](const RunRecord& r) {
      const auto of = [&](int milestone) {
        return real(r.series[model_.milestone_series[static_cast<std::size_t>(milestone)]].count());
      };
      return RatioSample{of(s.failed), of(s.failed) + of(s.completed)};
    });
    out.completing = latency(table.completed_series);
    out.compensating = latency(table.undone_series);
    return out;
  }

  const CompiledModel& model_;
  const models::Topology& t_;
  const Records& records_;
  double confidence_;
};

}  // namespace

MessagingReport messaging_report(const CompiledModel& model, const Records& records, double confidence) {
  return Reporter(model, records, confidence).run();
}

}  // namespace tailrace::analysis
