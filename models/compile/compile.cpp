#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <tuple>

#include "models/compile/caches.hpp"
#include "models/compile/compiled_model.hpp"
#include "models/compile/faults.hpp"
#include "models/compile/guards.hpp"
#include "models/compile/messaging.hpp"
#include "models/compile/program.hpp"
#include "models/compile/upkeep.hpp"
#include "models/compile/wires.hpp"
#include "models/entry/layer_4.hpp"
#include "models/policies/discovery/discovery.hpp"
#include "models/policies/transport/transport.hpp"
#include "models/topology/first_work.hpp"
#include "sim/base/check.hpp"
#include "sim/random/stream.hpp"

namespace tailrace::models {

namespace {

class Compiler final : public ProgramCompiler {
 public:
  using ProgramCompiler::ProgramCompiler;

  void run() {
    m_.depth_limit = static_cast<std::uint32_t>(t_.run.max_call_depth);
    marks_ = mark_faults(t_);
    reached_ = reached_by_transport(t_);
    connections_last_ = connections_last(t_);
    for (std::size_t i = 0; i < t_.stations.size(); ++i) station(i);
    for (std::size_t i = 0; i < t_.links.size(); ++i) link(i);
    mark_contracts(t_, m_);
    compile_egress(t_, m_);
    compile_messaging(t_, m_);
    compile_caches(t_, m_);
    for (std::size_t i = 0; i < t_.operations.size(); ++i) operation(i);
    m_.messaging = t_.messaging();
    m_.context = needs_context(t_) || m_.messaging || !t_.caches.empty();
    for (std::size_t i = 0; i < t_.edges.size(); ++i) edge(i);
    compile_guards(t_, m_);
    for (std::size_t i = 0; i < t_.workloads.size(); ++i) workload(i);
    for (std::size_t i = 0; i < t_.stations.size(); ++i) prober(i);
    compile_upkeep(t_, m_, [this](std::uint32_t edge_id) {
      const std::uint32_t start = emit(Op::call, edge_id);
      emit(Op::end_probe);
      return start;
    });
    compile_faults(t_, m_);
    m_.stop_pc = emit(Op::stop);
    m_.bury_pc = emit(Op::bury);
    if (!t_.faults.empty() || m_.faults.instances > 0) m_.lost_pc = emit(Op::bury);
    cache_depths();
    shorten_jumps();
    callee_hints();
    share_series();
    tell_streams_apart();
  }

 private:
  void station(std::size_t i) {
    const Station& s = t_.stations[i];
    const std::string& name = s.name;
    StationTable table;
    table.first_instance = static_cast<std::uint32_t>(m_.instance_station.size());
    table.instances = static_cast<std::uint32_t>(s.instances);
    table.workers = s.workers == kUnlimited || s.workers > kManyWorkers
                        ? kManyWorkers
                        : static_cast<std::int32_t>(s.workers);
    table.queue_capacity =
        s.queue_capacity == kUnlimited
            ? kNoId
            : static_cast<std::uint32_t>(std::min<std::int64_t>(s.queue_capacity, kNoId - 1));
    table.discipline = s.discipline;
    table.balancing = s.balancer.policy;
    table.counts_outstanding =
        s.balancer.policy == Balancing::least_request && s.instances > 1 && !s.shared_queue;
    table.choice_count = static_cast<std::uint32_t>(s.balancer.choice_count);
    table.distinct_choices = s.balancer.distinct;
    table.plain_queue = s.discipline == Discipline::fifo && !s.patience;
    if (s.patience) {
      const sim::Distribution& d = *s.patience;
      if (d.is_constant()) {
        table.patience_lane = lane(sim::Duration::from_ns(d.mean()), TimerPurpose::patience);
      } else {
        table.patience = draw(d, stream(name, "patience"));
      }
    }
    double weight = 0;
    bool uneven_errors = false;
    for (const InstanceGroup& g : s.groups) {
      for (std::int64_t k = 0; k < g.count; ++k) {
        weight += g.weight;
        table.cumulative_weight.push_back(weight);
        table.slowness.push_back(1 / g.speed);
        table.uneven_speed = table.uneven_speed || g.speed != 1;
        table.error_chance.push_back(chance_of(g.error_rate));
        uneven_errors = uneven_errors || g.error_rate > 0;
      }
    }
    if (s.balancer.policy != Balancing::weighted) table.cumulative_weight.clear();
    if (!table.uneven_speed) table.slowness.clear();
    if (!uneven_errors) table.error_chance.clear();
    table.cancellation = s.cancellation;
    table.drop_expired = s.drop_expired;
    if (s.pushback) table.pushback_ns = s.pushback->ns;
    if (s.queue_policy != nullptr) {
      table.first_queue_policy = m_.queue_states;
      m_.queue_states += table.instances;
    }
    table.special_release = s.drop_expired || !s.doors.empty() || s.queue_policy != nullptr;
    if (s.cpus) {
      table.cores = *s.cpus;
      table.cpu_scheduling = s.cpu_scheduling;
      table.first_cpu = m_.cpus;
      m_.cpus += table.instances;
    }
    // A shared queue has a place of its own, behind the last instance.
    const std::uint32_t places = table.instances + (s.shared_queue ? 1 : 0);
    table.shared = s.shared_queue;
    if (s.shared_queue) table.turn = m_.positions++;
    if (s.scaling) {
      table.scaled = static_cast<std::uint32_t>(m_.scaled.size());
      table.first_life = m_.lives;
      m_.lives += table.instances;
      m_.scaled.push_back({static_cast<std::uint32_t>(i), draw(s.scaling->startup, stream(name, "startup")),
                           stream(name, "version"), deployed(i)});
    }
    if (marks_.stations[i].hit) {
      table.first_fault = m_.faults.instances;
      table.pauses = marks_.stations[i].pauses;
      m_.faults.instances += places;
    }
    table.wait_series = series(SeriesKind::wait, i);
    if (s.patience) table.abandoned_series = series(SeriesKind::abandoned, i);
    m_.instance_station.insert(m_.instance_station.end(), places, static_cast<std::uint32_t>(i));
    m_.stations.push_back(std::move(table));
  }

  bool deployed(std::size_t station_id) const {
    return std::any_of(t_.deployments.begin(), t_.deployments.end(),
                       [&](const Deployment& d) { return d.station == static_cast<int>(station_id); });
  }

  void link(std::size_t i) {
    const Link& l = t_.links[i];
    LinkTable table;
    if (l.latency) table.latency = draw(*l.latency, stream(l.name, "latency"));
    if (l.jitter) table.jitter = draw(*l.jitter, stream(l.name, "jitter"));
    table.ns_per_byte = l.bandwidth_bit_per_s > 0 ? 8e9 / l.bandwidth_bit_per_s : 0;
    table.loss_chance = chance_of(l.loss);
    if (l.loss > 0) table.loss_stream = stream(l.name, "loss");
    table.packet_bytes = l.packet_bytes;
    table.retransmit_timeout = l.retransmit_timeout;
    table.max_retransmissions = l.max_retransmissions;
    table.initial_window = l.initial_window;
    table.max_window = l.max_window == kUnlimited ? std::numeric_limits<std::int32_t>::max() : l.max_window;
    if (l.sharing == LinkSharing::fair && l.bandwidth_bit_per_s > 0) table.flow = m_.flows++;
    if (marks_.links[i]) table.fault = m_.faults.links++;
    m_.links.push_back(table);
  }

  void operation(std::size_t i) {
    const Operation& op = t_.operations[i];
    const Station& s = t_.stations[static_cast<std::size_t>(op.station)];
    OperationTable table;
    table.station = static_cast<std::uint32_t>(op.station);
    table.pc = pc();
    const bool async = !s.blocking;
    const bool wired = reached_[i];
    table.worker_first = !async || wired || begins_with_work(op.steps);
    bool held = async && table.worker_first;
    const std::size_t first_draw = m_.draws.size();
    const StationTable& st = m_.stations[table.station];
    const bool special = st.cores > 0 || st.uneven_speed || s.discipline == Discipline::preemptive_priority ||
                         s.discipline == Discipline::shortest_job_first ||
                         marks_.stations[table.station].slows || st.pauses;
    ProgramPlace place{component_name(op.component), op.name, async, special};
    place.station = table.station;
    place.pauses = st.pauses;
    place.late = st.pauses && st.cores == 0;  // cores stand still themselves
    if (!table.worker_first || op.steps.empty() || op.steps.front().kind != Step::Kind::compute)
      thaw(place, false);
    if (wired) wire(static_cast<std::uint16_t>(WireWork::read_request), 0, place, held);
    body(op.steps, place, held);
    if (wired) wire(static_cast<std::uint16_t>(WireWork::send_answer), 0, place, held);
    if (s.discipline == Discipline::shortest_job_first && !op.steps.empty() &&
        op.steps.front().kind == Step::Kind::compute) {
      table.presample = static_cast<std::uint32_t>(first_draw);
    }
    table.error_chance = chance_of(op.error_rate);
    if (!st.error_chance.empty()) {  // drawn for even where it is 0: the instance has its own
      table.uneven_errors = true;
      table.error_chance = std::max<std::uint64_t>(table.error_chance, 1);
    }
    if (table.error_chance != 0)
      table.error_stream = stream(component_name(op.component), op.name + "/error");
    emit(Op::end, static_cast<std::uint32_t>(i));
    table.series = series(SeriesKind::operation, i);
    m_.operation_series.push_back(table.series);
    m_.operations.push_back(table);
  }

  void edge(std::size_t i) {
    const Edge& e = t_.edges[i];
    const OperationTable& op = m_.operations[static_cast<std::size_t>(e.operation)];
    const StationTable& s = m_.stations[op.station];
    const std::string& from = component_name(e.from_component);
    EdgeTable table;
    table.operation = static_cast<std::uint32_t>(e.operation);
    table.pc = op.pc;
    for (std::size_t at = op.pc; at < m_.steps.size() && at <= op.pc + 1; ++at) {
      if (m_.steps[at].op == Op::sleep ||
          (m_.steps[at].op == Op::compute && !(m_.steps[at].flags & kWireWork)))
        table.first_draw = m_.steps[at].first;
    }
    table.station = op.station;
    table.first_instance = s.first_instance;
    table.instances = s.instances;
    table.worker_first = op.worker_first;
    table.ignore_failure = e.ignore_failure;
    table.deepens = e.in_cycle;
    table.counts_outstanding = s.counts_outstanding;
    table.may_fail = op.error_chance != 0 || s.skewed || (s.scaled != kNoId && m_.scaled[s.scaled].deployed);
    table.operation_series = op.series;
    const bool found = t_.stations[op.station].discovery != nullptr || discovery_of(t_, e) != nullptr;
    table.managed = s.shared || s.scaled != kNoId || found;
    if (s.instances > 1 || table.managed) {  // also the only one is chosen where it may not be there
      // By its parts: what is shown as its name may change, and its draws must not.
      const Operation& to = t_.operations[static_cast<std::size_t>(e.operation)];
      table.select_stream = stream(from, "select " + component_name(to.component) + "." + to.name);
      table.select_position = turn(e);
    }
    if (e.timeout) table.timeout_lane = lane(*e.timeout, TimerPurpose::call_timeout);
    if (e.per_try_timeout) table.try_lane = lane(*e.per_try_timeout, TimerPurpose::try_timeout);
    if (e.out_link != kNone) table.out_link = static_cast<std::uint32_t>(e.out_link);
    if (e.back_link != kNone) table.back_link = static_cast<std::uint32_t>(e.back_link);
    const auto sized = [&](std::uint32_t l) {
      return l != kNoId &&
             (m_.links[l].ns_per_byte > 0 || m_.links[l].packet_bytes > 0 || m_.links[l].fault != kNoId);
    };
    const bool wired = transport_of(e.admissions) != nullptr;
    if (e.request_bytes && (wired || sized(table.out_link)))
      table.request_bytes = draw(*e.request_bytes, stream(from, "request size " + e.path));
    if (e.response_bytes && (wired || sized(table.back_link)))
      table.response_bytes = draw(*e.response_bytes, stream(from, "response size " + e.path));
    if (e.retries != 0) table.retry_stream = stream(from, "retry " + e.path);
    if (e.publication != kNone) compile_publication(t_, m_, e);
    const bool network = table.out_link != kNoId || table.back_link != kNoId;
    const bool caller_dies =
        e.from_station != kNone && marks_.stations[static_cast<std::size_t>(e.from_station)].dies;
    table.faulted = s.first_fault != kNoId;
    table.shared = s.shared;
    const bool guarded = m_.context || needs_guard(t_, e) || table.faulted || caller_dies ||
                         e.cache != kNone || (connections_last_ && e.passes_connections_on) ||
                         (!m_.egress.first_cell.empty() && m_.egress.first_cell[i] != kNoId);
    table.guarded = guarded;
    table.plain = s.instances == 1 && !network && !guarded && !table.deepens;
    if (network || guarded) table.series = series(SeriesKind::call, i);
    m_.edges.push_back(table);
  }

  // Whose turn it is: of all calls of a caller to one station together, wherever they are written.
  std::uint32_t turn(const Edge& e) {
    const int station = t_.operations[static_cast<std::size_t>(e.operation)].station;
    const auto [it, fresh] = turns_.try_emplace({e.from_component, e.from_station, station}, m_.positions);
    if (fresh) ++m_.positions;
    return it->second;
  }

  void prober(std::size_t i) {
    const auto& health = t_.stations[i].balancer.health;
    if (!health) return;
    ProberTable table;
    table.station = static_cast<std::uint32_t>(i);
    table.interval_ns = health->interval.ns;
    table.first_state = m_.probed;
    m_.probed += m_.stations[i].instances;
    if (health->edge >= 0) {
      table.pc = emit(Op::call, static_cast<std::uint32_t>(health->edge));
      emit(Op::end_probe);
    }
    m_.stations[i].prober = static_cast<std::uint32_t>(m_.probers.size());
    m_.probers.push_back(table);
  }

  // A jump to the end of an operation is that end: one cache line less where nobody has been lately.
  void shorten_jumps() {
    for (Step16& step : m_.steps) {
      if (step.op == Op::jump && m_.steps[step.first].op == Op::end) step = m_.steps[step.first];
    }
  }

  // Whoever comes to a call knows at once where all that belongs to the callee is.
  void callee_hints() {
    for (Step16& step : m_.steps) {
      if (step.op != Op::call) continue;
      step.needed = m_.edges[step.first].first_instance;
      step.stream = m_.edges[step.first].first_draw;
    }
    for (BranchOption& option : m_.options) {
      if (option.edge == kNoId) continue;
      const EdgeTable& edge = m_.edges[option.edge];
      option.first_instance = edge.first_instance;
      option.first_draw = edge.first_draw;
    }
  }

  // Streams of one name would draw the same numbers: the rounds of a loop that is written out, or calls of
  // one operation from several places, would repeat each other. All but the first get a number.
  void tell_streams_apart() {
    std::vector<std::tuple<std::uint64_t, std::uint64_t, std::size_t>> keys;
    keys.reserve(m_.streams.size());
    for (const StreamKey& key : m_.streams)
      keys.emplace_back(sim::hash_text(key.component), sim::hash_text(key.purpose), keys.size());
    std::sort(keys.begin(), keys.end());
    int copy = 1;
    for (std::size_t i = 1; i < keys.size(); ++i) {
      const auto& [component, purpose, id] = keys[i];
      const bool same = std::get<0>(keys[i - 1]) == component && std::get<1>(keys[i - 1]) == purpose;
      copy = same ? copy + 1 : 1;
      if (same) m_.streams[id].purpose += "#" + std::to_string(copy);
    }
  }

  // An operation that only computes and is only called by one class as its whole request records what the
  // class records.
  void share_series() {
    std::vector<int> callers(m_.operations.size());
    for (const EdgeTable& e : m_.edges) ++callers[e.operation];
    for (const ClassTable& cls : m_.classes) {
      if (cls.direct_edge == kNoId) continue;
      const std::uint32_t id = m_.edges[cls.direct_edge].operation;
      OperationTable& op = m_.operations[id];
      const Steps& steps = t_.operations[id].steps;
      const bool computes = std::all_of(steps.begin(), steps.end(),
                                        [](const Step& s) { return s.kind == Step::Kind::compute; });
      if (callers[id] != 1 || !computes || op.error_chance != 0) continue;
      m_.series_copies.emplace_back(op.series, cls.success_series);
      op.series = kNoId;
      m_.edges[cls.direct_edge].operation_series = kNoId;  // the only caller
    }
  }

  void workload(std::size_t i) {
    const Workload& w = t_.workloads[i];
    WorkloadTable table;
    table.model = &w;
    table.closed = !w.open();
    table.first_class = static_cast<std::uint32_t>(m_.classes.size());
    table.classes = static_cast<std::uint32_t>(w.classes.size());
    double weight = 0;
    for (const RequestClass& c : w.classes) {
      weight += c.weight;
      table.cumulative_weight.push_back(weight);
      ClassTable cls;
      cls.workload = static_cast<std::uint32_t>(i);
      cls.priority = static_cast<std::uint8_t>(c.priority);
      cls.closed = table.closed;
      cls.success_series = series(SeriesKind::request_success, m_.classes.size());
      cls.failure_series = series(SeriesKind::request_failure, m_.classes.size());
      if (c.steps.size() == 1 && c.steps[0].kind == Step::Kind::call) {
        const auto e = static_cast<std::uint32_t>(c.steps[0].edge);
        if (m_.edges[e].plain && !m_.edges[e].ignore_failure) cls.direct_edge = e;
      }
      cls.pc = pc();
      if (c.key) cls.key = draw(*c.key, stream(w.name, c.name.empty() ? "key" : c.name + "/key"));
      bool held = false;
      body(c.steps, {w.name, c.name.empty() ? "request" : c.name, false, 0}, held);
      emit(Op::end_request);
      m_.classes.push_back(cls);
    }
    table.spacing = draw(w.spacing, stream(w.name, "arrivals"));
    if (!(w.batch_size.is_constant() && w.batch_size.mean() == 1))
      table.batch = draw(w.batch_size, stream(w.name, "batch"));
    table.think = draw(w.think_time, stream(w.name, "think"));
    if (table.classes > 1) table.class_stream = stream(w.name, "class");
    if (w.process == ArrivalProcess::mmpp) table.state_stream = stream(w.name, "state");
    if (w.start_class != kNone)
      table.start_class = table.first_class + static_cast<std::uint32_t>(w.start_class);
    m_.workloads.push_back(std::move(table));
  }

  FaultMarks marks_;
  std::vector<bool> reached_;                                 // operations, over a transport
  bool connections_last_ = false;                             // some calls have a transport
  std::map<std::tuple<int, int, int>, std::uint32_t> turns_;  // by caller and station: whose turn it is
};

}  // namespace

std::shared_ptr<const CompiledModel> compile(std::shared_ptr<const Topology> topology) {
  TAILRACE_CHECK(topology != nullptr);
  const Topology& t = *topology;
  auto model = std::make_shared<CompiledModel>();
  model->topology = std::move(topology);
  Compiler(t, *model).run();
  return model;
}

}  // namespace tailrace::models
