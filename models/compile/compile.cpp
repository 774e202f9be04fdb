#include <algorithm>
#include <cmath>

#include "models/compile/compiled_model.hpp"
#include "models/compile/faults.hpp"
#include "models/compile/guards.hpp"
#include "sim/base/check.hpp"

namespace tailrace::models {

namespace {

constexpr std::uint64_t kRingPoints = 160;  // of a shared cache's node, as in ketama
constexpr std::size_t kUnrollSteps = 64;    // a constant loop up to this many steps is written out

std::uint64_t chance_of(double p) {
  if (!(p > 0)) return 0;
  if (p >= 1) return ~std::uint64_t{0};
  return static_cast<std::uint64_t>(p * 0x1p64);
}

class Compiler {
 public:
  explicit Compiler(std::shared_ptr<const Topology> topology) : t_(*topology) {
    m_.topology = std::move(topology);
  }

  std::shared_ptr<const CompiledModel> run() {
    m_.depth_limit = static_cast<std::uint32_t>(t_.run.max_call_depth);
    marks_ = mark_faults(t_);
    for (std::size_t i = 0; i < t_.stations.size(); ++i) station(i);
    for (std::size_t i = 0; i < t_.links.size(); ++i) link(i);
    messaging();
    caches();
    for (std::size_t i = 0; i < t_.operations.size(); ++i) operation(i);
    m_.messaging = t_.messaging();
    m_.context = needs_context(t_) || m_.messaging || !t_.caches.empty();
    for (std::size_t i = 0; i < t_.edges.size(); ++i) edge(i);
    compile_guards(t_, m_);
    for (std::size_t i = 0; i < t_.workloads.size(); ++i) workload(i);
    for (std::size_t i = 0; i < t_.stations.size(); ++i) prober(i);
    compile_faults(t_, m_);
    m_.stop_pc = emit(Op::stop);
    m_.bury_pc = emit(Op::bury);
    if (!t_.faults.empty()) m_.lost_pc = emit(Op::bury);
    for (const auto& [edge, depth] : cache_calls_)
      m_.guards[m_.edges[static_cast<std::size_t>(edge)].guard].cache_depth = depth;
    callee_hints();
    share_series();
    return std::make_shared<const CompiledModel>(std::move(m_));
  }

 private:
  const std::string& component_name(int id) const { return t_.components[static_cast<std::size_t>(id)].name; }

  std::uint32_t stream(const std::string& component, std::string purpose) {
    m_.streams.push_back({component, std::move(purpose)});
    return static_cast<std::uint32_t>(m_.streams.size() - 1);
  }
  std::uint32_t draw(const sim::Distribution& d, std::uint32_t stream_id) {
    m_.kept.push_back(d);
    Draw draw;
    draw.sampler = sim::Sampler(d);
    draw.stream = stream_id;
    m_.draws.push_back(draw);
    return static_cast<std::uint32_t>(m_.draws.size() - 1);
  }
  std::uint32_t series(SeriesKind kind, std::size_t id) {
    m_.series.push_back({kind, static_cast<std::uint32_t>(id)});
    return static_cast<std::uint32_t>(m_.series.size() - 1);
  }
  std::uint32_t lane(sim::Duration length, TimerPurpose purpose) {
    m_.lanes.push_back(length);
    m_.lane_kind.push_back(static_cast<std::uint32_t>(purpose));
    return static_cast<std::uint32_t>(m_.lanes.size() - 1);
  }

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
    table.counts_outstanding = s.balancer.policy == Balancing::least_request && s.instances > 1;
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
    if (marks_.stations[i].hit) {
      table.first_fault = m_.faults.instances;
      table.pauses = marks_.stations[i].pauses;
      m_.faults.instances += table.instances;
    }
    table.wait_series = series(SeriesKind::wait, i);
    if (s.patience) table.abandoned_series = series(SeriesKind::abandoned, i);
    m_.instance_station.insert(m_.instance_station.end(), table.instances, static_cast<std::uint32_t>(i));
    m_.stations.push_back(std::move(table));
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
    if (marks_.links[i]) table.fault = m_.faults.links++;
    m_.links.push_back(table);
  }

  // Where a program runs: what its streams are called, and whether it must mind its worker.
  struct Place {
    std::string component;
    std::string purpose;
    bool async = false;
    std::uint8_t special_work =
        0;                // Step16::flags of compute: more than time passes (cores, speed, interruption)
    bool pauses = false;  // the instance can stand still
    bool late = false;    // and what works then has to be made up for by its own frame
    std::uint32_t station = kNoId;  // none: a workload's
    std::uint8_t cache_depth = 0;   // cache steps around it
  };

  static Place below(Place here, std::size_t branch) {
    here.purpose += "/" + std::to_string(branch);
    return here;
  }

  std::uint32_t pc() const { return static_cast<std::uint32_t>(m_.steps.size()); }
  std::uint32_t emit(Op op, std::uint32_t first = 0) {
    Step16 step;
    step.op = op;
    step.first = first;
    m_.steps.push_back(step);
    return pc() - 1;
  }
  void need_worker(const Place& place, bool& held) {
    if (place.async && !held) emit(Op::acquire), held = true;
  }
  void no_worker(const Place& place, bool& held) {
    if (place.async && held) emit(Op::release), held = false;
  }

  // Where an instance can stand still its frames stop here, and come here again when it goes on.
  void thaw(const Place& place, bool late) {
    if (!place.pauses) return;
    const std::uint32_t at = emit(Op::thaw);
    m_.steps[at].flags = late ? 1 : 0;
    emit(Op::jump, at);
  }

  // How many steps they become, loops inside them written out where body() does so.
  static std::size_t size_of(const Steps& steps) {
    std::size_t n = 0;
    for (const Step& s : steps) {
      n += 1;
      std::size_t inside = 0;
      for (const StepBranch& b : s.branches) inside += size_of(b.steps) + 1;
      if (s.kind == Step::Kind::loop && s.distribution->is_constant()) {
        const double written = s.distribution->mean() * static_cast<double>(inside);
        if (written <= static_cast<double>(kUnrollSteps)) inside = static_cast<std::size_t>(written);
      }
      n += inside;
    }
    return n;
  }

  // Emits the steps in order. `held`: an async program holds a worker here; what it is afterwards is left in
  // it.
  void body(const Steps& steps, const Place& place, bool& held) {
    for (std::size_t i = 0; i < steps.size(); ++i) {
      const Step& s = steps[i];
      Place here = place;
      here.purpose += "/" + std::to_string(i);
      switch (s.kind) {
        case Step::Kind::compute:
          need_worker(place, held);
          m_.steps[emit(Op::compute, draw(*s.distribution, stream(here.component, here.purpose)))].flags =
              place.special_work;
          thaw(place, place.late);
          break;
        case Step::Kind::sleep:
          no_worker(place, held);
          emit(Op::sleep, draw(*s.distribution, stream(here.component, here.purpose)));
          thaw(place, false);
          break;
        case Step::Kind::call:
          no_worker(place, held);
          emit(Op::call, static_cast<std::uint32_t>(s.edge));
          if (t_.edges[static_cast<std::size_t>(s.edge)].cache != kNone && place.cache_depth > 0)
            cache_calls_.emplace_back(s.edge, static_cast<std::uint8_t>(place.cache_depth - 1));
          if (!s.branches.empty()) {  // behind the call, and jumped over when it succeeds
            const std::uint32_t skip = emit(Op::jump);
            body(s.branches.front().steps, here, held);
            no_worker(place, held);
            m_.steps[skip].first = pc();
          }
          thaw(place, false);
          break;
        case Step::Kind::fail: {
          const std::uint32_t at = emit(Op::fail, stream(here.component, here.purpose));
          m_.steps[at].set_chance(chance_of(s.probability));
          break;
        }
        case Step::Kind::attempt:
          attempt(s, here, held);
          break;
        case Step::Kind::background:
          spawn(s, here);
          break;
        case Step::Kind::deposit:
          no_worker(place, held);
          emit(Op::deposit, static_cast<std::uint32_t>(s.ref));
          break;
        case Step::Kind::effect:
          effect(s, here, held);
          break;
        case Step::Kind::milestone:
          emit(Op::milestone, static_cast<std::uint32_t>(s.ref));
          break;
        case Step::Kind::await:
          no_worker(place, held);
          await(s, here, held);
          break;
        case Step::Kind::cache:
          cache(s, here, held);
          break;
        case Step::Kind::parallel:
          parallel(s, here, held);
          thaw(place, false);
          break;
        case Step::Kind::branch:
          branch(s, here, held);
          break;
        case Step::Kind::loop:
          loop(s, here, held);
          thaw(place, false);
          break;
      }
    }
  }

  // A program of its own that a branch frame runs; returns its first step.
  std::uint32_t sub_program(const Steps& steps, const Place& place) {
    const std::uint32_t start = pc();
    bool held = false;
    body(steps, place, held);
    no_worker(place, held);
    emit(Op::end_branch);
    return start;
  }

  void parallel(const Step& s, const Place& here, bool& held) {
    no_worker(here, held);
    const std::uint32_t at = emit(Op::parallel);
    const std::uint32_t skip = emit(Op::jump);
    std::vector<std::uint32_t> starts;
    for (std::size_t k = 0; k < s.branches.size(); ++k) {
      starts.push_back(sub_program(s.branches[k].steps, below(here, k)));
    }
    m_.steps[at].first = static_cast<std::uint32_t>(m_.forks.size());
    m_.steps[at].count = static_cast<std::uint16_t>(starts.size());
    m_.steps[at].needed = static_cast<std::uint32_t>(s.needed);
    m_.steps[at].flags = s.cancel_rest ? kCancelRest : 0;
    m_.forks.insert(m_.forks.end(), starts.begin(), starts.end());
    m_.steps[skip].first = pc();
  }

  // A branch frame of its own; where it fails the frame goes on behind the jump.
  void attempt(const Step& s, const Place& here, bool& held) {
    no_worker(here, held);
    const std::uint32_t at = emit(Op::parallel);
    const std::uint32_t skip = emit(Op::jump);
    Place inside = here;
    inside.purpose += "/on_failure";
    body(s.branches[1].steps, inside, held);
    no_worker(here, held);
    const std::uint32_t over = emit(Op::jump);
    inside.purpose = here.purpose + "/try";
    const std::uint32_t start = sub_program(s.branches[0].steps, inside);
    m_.steps[at].flags = kAttempt;
    m_.steps[at].first = static_cast<std::uint32_t>(m_.forks.size());
    m_.steps[at].count = 1;
    m_.steps[at].needed = 1;
    m_.forks.push_back(start);
    m_.steps[skip].first = m_.steps[over].first = pc();
  }

  void spawn(const Step& s, const Place& here) {
    const std::uint32_t at = emit(Op::spawn);
    const std::uint32_t skip = emit(Op::jump);
    m_.steps[at].first = pc();
    bool held = false;
    // It runs beside whoever started it: no worker is its own.
    body(s.branches[0].steps,
         {here.component, here.purpose + "/background", false, 0, false, false, here.station,
          here.cache_depth},
         held);
    emit(Op::end_root);
    m_.steps[skip].first = pc();
  }

  void effect(const Step& s, const Place& here, bool& held) {
    const Effect& e = t_.effects[static_cast<std::size_t>(s.ref)];
    const auto id = static_cast<std::uint32_t>(s.ref);
    // A repetition is skipped; both ways must leave the worker in one state.
    if (e.idempotent) no_worker(here, held);
    const std::uint32_t at = e.idempotent ? emit(Op::recognise, id) : kNoId;
    body(s.branches[0].steps, here, held);
    if (e.idempotent) no_worker(here, held);
    emit(Op::effect, id);
    if (e.idempotent) m_.steps[at].needed = pc();
  }

  void await(const Step& s, const Place& here, bool& held) {
    const auto id = static_cast<std::uint32_t>(s.ref);
    const std::uint32_t timer = s.timeout ? lane(*s.timeout, TimerPurpose::await) : kNoId;
    if (s.branches.empty()) {
      m_.steps[emit(Op::await, id)].needed = timer;
      return;
    }
    const std::uint32_t again = pc();
    emit(Op::sleep, draw(sim::Distribution::constant(static_cast<double>(s.interval.ns)),
                         stream(here.component, here.purpose + "/poll")));
    body(s.branches[0].steps, here, held);
    no_worker(here, held);
    const std::uint32_t asked = emit(Op::asked, id);
    m_.steps[asked].stream = timer;
    emit(Op::jump, again);
    m_.steps[asked].needed = pc();
  }

  void caches() {
    for (const Cache& c : t_.caches) m_.caches.push_back(cache_table(c));
    for (std::size_t i = 0; i < t_.caches.size(); ++i) {
      CacheTable& table = m_.caches[i];
      if (t_.caches[i].station == kNone) continue;
      const auto station = static_cast<std::uint32_t>(t_.caches[i].station);
      table.first_node_store = cache_stores(static_cast<std::uint32_t>(i), station);
      table.first_instance = m_.stations[station].first_instance;
    }
  }

  CacheTable cache_table(const Cache& c) {
    CacheTable table;
    table.detached = c.detached();
    double share = 0;
    for (const CachePop& pop : c.pops) {
      std::vector<std::uint32_t> names;
      for (int k = 0; k < pop.nodes; ++k) names.push_back(static_cast<std::uint32_t>(pop.first_node + k));
      const std::vector<double> even(names.size(), 1.0);
      table.rings.emplace_back(names, even, std::max<std::uint64_t>(kRingPoints * names.size(), 2));
      table.cumulative_share.push_back(share += pop.share);
    }
    if (c.pops.size() > 1) table.pop_stream = stream(c.name, "cache/pop");
    if (c.hit_ratio) table.chance_stream = stream(c.name, "cache/hit");
    if (c.settings.ttl_jitter > 0) table.ttl_stream = stream(c.name, "cache/ttl");
    table.evict_stream = stream(c.name, "cache/evict");
    if (c.size) table.size = draw(*c.size, stream(c.name, "cache/size"));
    return table;
  }

  // Where the cache's contents lie at that station (none: of a workload), one for each instance.
  std::uint32_t cache_stores(std::uint32_t cache, std::uint32_t station) {
    for (std::uint32_t i = 0; i < m_.cache_stores.size(); ++i) {
      if (m_.cache_stores[i].cache == cache && m_.cache_stores[i].station == station) return i;
    }
    const auto first = static_cast<std::uint32_t>(m_.cache_stores.size());
    if (station == kNoId) {
      m_.cache_stores.push_back({cache, kNoId, kNoId, 0});
      return first;
    }
    for (std::uint32_t k = 0; k < m_.stations[station].instances; ++k)
      m_.cache_stores.push_back({cache, station, m_.stations[station].first_instance + k, k});
    return first;
  }

  void cache(const Step& s, const Place& here, bool& held) {
    const auto id = static_cast<std::uint32_t>(m_.cache_sites.size());
    {
      CacheSiteTable site;
      site.cache = static_cast<std::uint32_t>(s.ref);
      site.depth = here.cache_depth;
      site.key_from = static_cast<std::uint8_t>(s.key_from);
      site.remote = s.remote;
      if (s.key_from == CacheKey::drawn)
        site.key = draw(*s.distribution, stream(here.component, here.purpose + "/key"));
      if (!s.remote) site.first_store = cache_stores(site.cache, here.station);
      if (here.station != kNoId) site.first_instance = m_.stations[here.station].first_instance;
      m_.cache_sites.push_back(site);
    }
    Place inside = here;
    ++inside.cache_depth;
    const auto run = [&](std::size_t branch, bool& worker) {
      Place place = inside;
      place.purpose += branch == 0 ? "/first" : "/then";
      if (branch < s.branches.size()) body(s.branches[branch].steps, place, worker);
    };
    emit(Op::cache_key, id);
    run(0, held);
    switch (s.use) {
      case CacheUse::look:
        return cache_look(s, id, run, here, held);
      case CacheUse::probe:
        emit(Op::cache_probe, id);
        return;
      case CacheUse::put:
        emit(Op::cache_fill, id);
        return;
      case CacheUse::drop:
        emit(Op::cache_drop, id);
        return;
      case CacheUse::write:
      case CacheUse::invalidate:
        run(1, held);
        if (!s.remote) emit(s.use == CacheUse::write ? Op::cache_fill : Op::cache_drop, id);
        return;
      case CacheUse::behind: {
        emit(Op::cache_behind, id);
        const std::uint32_t skip = emit(Op::jump);
        m_.cache_sites[id].body = pc();
        bool worker = false;
        run(1, worker);
        no_worker(here, worker);
        emit(Op::end_root);
        m_.steps[skip].first = pc();
        return;
      }
      case CacheUse::access:
        return;
    }
  }

  template <class Run>
  void cache_look(const Step& s, std::uint32_t id, const Run& run, const Place& here, bool& held) {
    if (m_.caches[static_cast<std::size_t>(s.ref)].detached) {
      no_worker(here, held);
      emit(Op::cache_look, id);
      const std::uint32_t skip = emit(Op::jump);
      m_.cache_sites[id].body = pc();
      bool worker = false;
      run(1, worker);
      no_worker(here, worker);
      emit(Op::cache_fill, id);
      emit(Op::end_root);
      m_.steps[skip].first = m_.cache_sites[id].hit = pc();
      return;
    }
    // Both ways must leave the worker in one state: an async program gives it back at the end of each.
    const bool before = held;
    emit(Op::cache_look, id);
    run(1, held);
    emit(Op::cache_fill, id);
    no_worker(here, held);
    const bool releases = here.async && before;
    const std::uint32_t over = releases ? emit(Op::jump) : kNoId;
    m_.cache_sites[id].hit = pc();
    if (releases) emit(Op::release), m_.steps[over].first = pc();
    if (here.async) held = false;
  }

  void messaging() {
    for (const Effect& e : t_.effects) {
      EffectTable table;
      table.idempotent = e.idempotent;
      if (e.ttl) table.ttl_ns = e.ttl->ns;
      m_.effects.push_back(table);
    }
    for (std::size_t i = 0; i < t_.milestones.size(); ++i)
      m_.milestone_series.push_back(series(SeriesKind::milestone, i));
    for (std::size_t c = 0; c < t_.channels.size(); ++c) {
      const MessageChannel& channel = t_.channels[c];
      ChannelTable table;
      table.model = channel.model;
      table.station = static_cast<std::uint32_t>(channel.station);
      table.first_group = static_cast<std::uint32_t>(m_.groups.size());
      table.groups = static_cast<std::uint32_t>(channel.groups.size());
      table.first_stream = static_cast<std::uint32_t>(m_.streams.size());
      for (std::uint32_t k = 0; k < channel.model->streams(); ++k)
        stream(channel.name, "channel/" + std::to_string(k));
      table.batching_series = series(SeriesKind::batching, c);
      for (std::size_t g = 0; g < channel.groups.size(); ++g) {
        const ConsumerGroup& group = channel.groups[g];
        GroupTable row;
        row.channel = static_cast<std::uint32_t>(c);
        row.subscription = static_cast<std::uint32_t>(g);
        row.transactional = group.transactional;
        row.waiting_series = series(SeriesKind::message_wait, m_.groups.size());
        row.end_to_end_series = series(SeriesKind::end_to_end, m_.groups.size());
        if (group.edge != kNone) {
          row.edge = static_cast<std::uint32_t>(group.edge);
          row.effect = static_cast<std::uint32_t>(group.effect);
          m_.effects[row.effect].group = static_cast<std::uint32_t>(m_.groups.size());
        }
        m_.groups.push_back(row);
      }
      m_.channels.push_back(std::move(table));
    }
  }

  // What is drawn for each message of an edge.
  void publication(const Edge& e) {
    const PublishSettings& p = t_.publications[static_cast<std::size_t>(e.publication)];
    const std::string& from = component_name(e.from_component);
    PublicationTable table;
    table.channel = static_cast<std::uint32_t>(p.channel);
    table.entry = p.entry;
    table.route = p.route;
    table.producer = static_cast<std::uint32_t>(e.from_component);
    table.request_key = p.request_key;
    table.confirm = p.confirm;
    table.priority = p.priority;
    table.level = p.level;
    table.ttl_us = p.ttl_us;
    if (p.key) table.key = draw(*p.key, stream(from, "message key " + e.path));
    if (p.bytes) table.bytes = draw(*p.bytes, stream(from, "message size " + e.path));
    if (p.delay) table.delay = draw(*p.delay, stream(from, "message delay " + e.path));
    if (m_.publications.size() <= static_cast<std::size_t>(e.publication))
      m_.publications.resize(static_cast<std::size_t>(e.publication) + 1);
    m_.publications[static_cast<std::size_t>(e.publication)] = table;
  }

  void branch(const Step& s, const Place& here, bool& held) {
    const std::uint32_t at = emit(Op::branch);
    m_.steps[at].count = static_cast<std::uint16_t>(s.branches.size());
    m_.steps[at].stream = stream(here.component, here.purpose);
    m_.steps[at].first = static_cast<std::uint32_t>(m_.options.size());
    m_.options.resize(m_.options.size() + s.branches.size());
    const std::uint32_t options = m_.steps[at].first;
    const bool before = held;
    // All ways must leave the worker in one state: an async program gives it back at the end of each.
    std::vector<std::uint32_t> jumps;
    bool otherwise = before;
    no_worker(here, otherwise);
    jumps.push_back(emit(Op::jump));
    double cumulative = 0;
    for (std::size_t k = 0; k < s.branches.size(); ++k) {
      cumulative += s.branches[k].probability;
      m_.options[options + k].cumulative =
          k + 1 == s.branches.size() && cumulative > 1 - 1e-9 ? 2.0 : cumulative;
      m_.options[options + k].pc = pc();
      bool inside = before;
      const std::size_t start = m_.steps.size();
      body(s.branches[k].steps, below(here, k), inside);
      const std::size_t first =
          m_.steps.size() > start && m_.steps[start].op == Op::release ? start + 1 : start;
      if (first < m_.steps.size() && m_.steps[first].op == Op::call)
        m_.options[options + k].edge = m_.steps[first].first;
      no_worker(here, inside);
      jumps.push_back(emit(Op::jump));
    }
    for (const std::uint32_t j : jumps) m_.steps[j].first = pc();
    held = here.async ? false : before;
  }

  void loop(const Step& s, const Place& here, bool& held) {
    const Steps& inner = s.branches.front().steps;
    if (s.distribution->is_constant()) {
      const double times = s.distribution->mean();
      if (times * static_cast<double>(size_of(inner)) <= static_cast<double>(kUnrollSteps)) {
        for (int k = 0; k < static_cast<int>(times + 0.5); ++k) body(inner, here, held);
        return;
      }
    }
    no_worker(here, held);
    const std::uint32_t at =
        emit(Op::loop, draw(*s.distribution, stream(here.component, here.purpose + "/times")));
    const std::uint32_t skip = emit(Op::jump);
    m_.steps[at].needed = sub_program(inner, here);
    m_.steps[skip].first = pc();
  }

  void operation(std::size_t i) {
    const Operation& op = t_.operations[i];
    const Station& s = t_.stations[static_cast<std::size_t>(op.station)];
    OperationTable table;
    table.station = static_cast<std::uint32_t>(op.station);
    table.pc = pc();
    const bool async = !s.blocking;
    table.worker_first = !async || (!op.steps.empty() && op.steps.front().kind == Step::Kind::compute);
    bool held = async && table.worker_first;
    const std::size_t first_draw = m_.draws.size();
    const StationTable& st = m_.stations[table.station];
    const bool special = st.cores > 0 || st.uneven_speed || s.discipline == Discipline::preemptive_priority ||
                         s.discipline == Discipline::shortest_job_first ||
                         marks_.stations[table.station].slows || st.pauses;
    Place place{component_name(op.component), op.name, async, special};
    place.station = table.station;
    place.pauses = st.pauses;
    place.late = st.pauses && st.cores == 0;  // cores stand still themselves
    if (!table.worker_first || op.steps.empty() || op.steps.front().kind != Step::Kind::compute)
      thaw(place, false);
    body(op.steps, place, held);
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
      if (m_.steps[at].op == Op::compute || m_.steps[at].op == Op::sleep)
        table.first_draw = m_.steps[at].first;
    }
    table.station = op.station;
    table.first_instance = s.first_instance;
    table.instances = s.instances;
    table.worker_first = op.worker_first;
    table.ignore_failure = e.ignore_failure;
    table.deepens = e.in_cycle;
    table.counts_outstanding = s.counts_outstanding;
    table.may_fail = op.error_chance != 0;
    table.operation_series = op.series;
    const std::string target = t_.operation_name(e.operation);
    if (s.instances > 1) {
      table.select_stream = stream(from, "select " + target);
      table.select_position = m_.positions++;
    }
    if (e.timeout) table.timeout_lane = lane(*e.timeout, TimerPurpose::call_timeout);
    if (e.per_try_timeout) table.try_lane = lane(*e.per_try_timeout, TimerPurpose::try_timeout);
    if (e.out_link != kNone) table.out_link = static_cast<std::uint32_t>(e.out_link);
    if (e.back_link != kNone) table.back_link = static_cast<std::uint32_t>(e.back_link);
    const auto sized = [&](std::uint32_t l) {
      return l != kNoId &&
             (m_.links[l].ns_per_byte > 0 || m_.links[l].packet_bytes > 0 || m_.links[l].fault != kNoId);
    };
    if (e.request_bytes && sized(table.out_link))
      table.request_bytes = draw(*e.request_bytes, stream(from, "request size " + e.path));
    if (e.response_bytes && sized(table.back_link))
      table.response_bytes = draw(*e.response_bytes, stream(from, "response size " + e.path));
    if (e.retries != 0) table.retry_stream = stream(from, "retry " + e.path);
    if (e.publication != kNone) publication(e);
    const bool network = table.out_link != kNoId || table.back_link != kNoId;
    const bool caller_dies =
        e.from_station != kNone && marks_.stations[static_cast<std::size_t>(e.from_station)].dies;
    table.faulted = s.first_fault != kNoId;
    const bool guarded = m_.context || needs_guard(t_, e) || table.faulted || caller_dies || e.cache != kNone;
    table.guarded = guarded;
    table.plain = s.instances == 1 && !network && !guarded && !table.deepens;
    if (network || guarded) table.series = series(SeriesKind::call, i);
    m_.edges.push_back(table);
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

  // An operation that only computes and is only called by one class as its whole request records what the
  // class records.
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
      option.edge_pc = edge.pc;
      option.first_instance = edge.first_instance;
      option.first_draw = edge.first_draw;
    }
  }

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
    table.closed = w.process == ArrivalProcess::constant_vus || w.process == ArrivalProcess::ramping_vus;
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

  const Topology& t_;
  CompiledModel m_;
  FaultMarks marks_;
  std::vector<std::pair<int, std::uint8_t>> cache_calls_;  // edge, depth of the site whose key it is about
};

}  // namespace

std::shared_ptr<const CompiledModel> compile(std::shared_ptr<const Topology> topology) {
  TAILRACE_CHECK(topology != nullptr);
  return Compiler(std::move(topology)).run();
}

}  // namespace tailrace::models
