#include "models/compile/program.hpp"

#include <algorithm>

#include "models/compile/client_share.hpp"
#include "models/compile/effect_question.hpp"
#include "models/compile/lent_worker.hpp"
#include "models/compile/subscription_ops.hpp"
#include "models/compile/wires.hpp"
#include "models/policies/transport/transport.hpp"
#include "models/topology/saga.hpp"

namespace tailrace::models {

namespace {

constexpr std::size_t kUnrollSteps = 64;  // a constant loop up to this many steps is written out

ProgramPlace below(ProgramPlace here, std::size_t branch) {
  here.purpose += "/" + std::to_string(branch);
  return here;
}

// How many steps they become, loops inside them written out where body() does so.
std::size_t size_of(const Steps& steps) {
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

}  // namespace

std::uint32_t ProgramCompiler::emit(Op op, std::uint32_t first) {
  Step16 step;
  step.op = op;
  step.first = first;
  m_.steps.push_back(step);
  return pc() - 1;
}

void ProgramCompiler::need_worker(const Place& place, bool& held) {
  if (place.async && !held) emit(Op::acquire), held = true;
}

void ProgramCompiler::no_worker(const Place& place, bool& held) {
  if (place.async && held) emit(Op::release), held = false;
}

void ProgramCompiler::thaw(const Place& place, bool late) {
  if (!place.pauses) return;
  const std::uint32_t at = emit(Op::thaw);
  m_.steps[at].flags = late ? 1 : 0;
  emit(Op::jump, at);
}

// At a client there are neither workers nor cores: the same as time.
void ProgramCompiler::wire(std::uint16_t work, std::uint32_t edge, const Place& place, bool& held) {
  need_worker(place, held);
  const std::uint32_t at = emit(Op::compute, edge);
  m_.steps[at].flags = static_cast<std::uint8_t>(kWireWork | place.special_work);
  m_.steps[at].count = work;
  thaw(place, place.late);
}

void ProgramCompiler::body(const Steps& steps, const Place& place, bool& held) {
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
      case Step::Kind::sleep: {
        no_worker(place, held);
        if (s.subscription == SubscriptionUse::hold) hold(s, here);
        const std::uint32_t at = emit(Op::sleep, draw(*s.distribution, stream(here.component, here.purpose)));
        m_.steps[at].set_amount(static_cast<std::uint64_t>(s.interval.ns));
        thaw(place, false);
        break;
      }
      case Step::Kind::call: {
        const bool wired = transport_of(t_.edges[static_cast<std::size_t>(s.edge)].admissions) != nullptr;
        const auto work = [&](WireWork w) {
          if (wired) wire(static_cast<std::uint16_t>(w), static_cast<std::uint32_t>(s.edge), place, held);
        };
        work(WireWork::send_request);
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
        work(WireWork::read_answer);
        break;
      }
      case Step::Kind::fail: {
        const std::uint32_t at = emit(Op::fail, stream(here.component, here.purpose));
        m_.steps[at].set_amount(chance_of(s.probability));
        m_.steps[at].flags =
            static_cast<std::uint8_t>(s.ref == kNone ? static_cast<int>(Outcome::error) : s.ref);
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
        if (s.ref < 0) {
          branch(s, here, held);
        } else {
          given(s, here, held);
        }
        break;
      case Step::Kind::loop:
        loop(s, here, held);
        thaw(place, false);
        break;
    }
  }
}

// A program of its own that a branch frame runs; returns its first step.
std::uint32_t ProgramCompiler::sub_program(const Steps& steps, const Place& place) {
  const std::uint32_t start = pc();
  bool held = false;
  body(steps, place, held);
  no_worker(place, held);
  emit(Op::end_branch);
  return start;
}

void ProgramCompiler::parallel(const Step& s, const Place& here, bool& held) {
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
void ProgramCompiler::attempt(const Step& s, const Place& here, bool& held) {
  if (s.ref != kNone) return timed_attempt(s, t_.limits[static_cast<std::size_t>(s.ref)], here, held);
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
  m_.steps[at].flags = here.async ? kAttempt : kAttempt | kLendsWorker;
  m_.steps[at].first = static_cast<std::uint32_t>(m_.forks.size());
  m_.steps[at].count = 1;
  m_.steps[at].needed = 1;
  m_.forks.push_back(start);
  m_.steps[skip].first = m_.steps[over].first = pc();
}

// The same with limits of time. What it tries stands before what follows, which may try it again: the very
// same calls, so that they are recognised.
void ProgramCompiler::timed_attempt(const Step& s, const StepLimit& limit, const Place& here, bool& held) {
  no_worker(here, held);
  const std::uint32_t at = emit(Op::parallel);
  std::vector<std::uint32_t> ends{emit(Op::jump)};
  const std::uint32_t failed = emit(Op::jump);
  const std::uint32_t outer = tried_;
  Place inside = here;
  inside.purpose += "/try";
  if (!limit.repeats) tried_ = sub_program(s.branches[0].steps, inside);
  const std::uint32_t start = tried_;
  const auto emit_branch = [&](std::size_t branch, const char* purpose) {
    const std::uint32_t begin = pc();
    inside.purpose = here.purpose + purpose;
    body(s.branches[branch].steps, inside, held);
    no_worker(here, held);
    ends.push_back(emit(Op::jump));
    return begin;
  };
  LimitTable table;
  m_.steps[failed].first = table.step_over_pc = table.saga_over_pc = emit_branch(1, "/on_failure");
  if (!limit.fails) {
    table.step_over_pc = emit_branch(kStepOver, "/step_over");
    table.saga_over_pc = emit_branch(kSagaOver, "/saga_over");
  }
  tried_ = outer;
  if (limit.step) table.step_lane = lane(*limit.step, TimerPurpose::await);
  if (limit.saga) table.saga_lane = lane(*limit.saga, TimerPurpose::await);
  table.step_since = static_cast<std::uint32_t>(limit.step_since);
  table.saga_since = static_cast<std::uint32_t>(limit.saga_since);
  table.identity = static_cast<std::uint32_t>(limit.identity);
  table.late = static_cast<std::uint32_t>(limit.late);
  table.stored = limit.stored;
  m_.steps[at].flags = kAttempt | kTimed;
  m_.steps[at].first = static_cast<std::uint32_t>(m_.forks.size());
  m_.steps[at].count = 1;
  m_.steps[at].needed = 1;
  m_.forks.push_back(start);
  m_.steps[at].stream = static_cast<std::uint32_t>(m_.limits.size());
  m_.limits.push_back(table);
  for (const std::uint32_t end : ends) m_.steps[end].first = pc();
}

void ProgramCompiler::spawn(const Step& s, const Place& here) {
  const std::uint32_t at = emit(Op::spawn, static_cast<std::uint32_t>(s.held_at));
  switch (s.subscription) {
    case SubscriptionUse::announce:
      m_.steps[at].flags = kAnnounce;
      return;
    case SubscriptionUse::admit:
      m_.steps[at].flags = kAdmitHeld;
      m_.steps[at].needed = static_cast<std::uint32_t>(s.most_held);
      return;
    case SubscriptionUse::none:
    case SubscriptionUse::hold:
    case SubscriptionUse::fan_out:
      break;
  }
  const std::uint32_t skip = emit(Op::jump);
  const std::uint32_t start = root_program(s.branches[0].steps, here, "/background");
  if (s.subscription == SubscriptionUse::fan_out) {
    m_.steps[at].flags = kFanOut;
    m_.steps[at].needed = start;
  } else {
    m_.steps[at].first = start;
  }
  m_.steps[skip].first = pc();
}

// It runs beside whoever started it: no worker is its own, but the instance's cores are.
std::uint32_t ProgramCompiler::root_program(const Steps& steps, const Place& here, const char* purpose) {
  const std::uint32_t start = pc();
  bool held = false;
  Place beside = here;
  beside.purpose += purpose;
  beside.async = false;
  body(steps, beside, held);
  emit(Op::end_root);
  return start;
}

void ProgramCompiler::hold(const Step& s, const Place& here) {
  m_.steps[emit(Op::spawn, static_cast<std::uint32_t>(s.held_at))].flags = kHold;
  const std::uint32_t skip = emit(Op::jump);
  root_program(s.branches[0].steps, here, "/event");
  m_.steps[skip].first = pc();
}

void ProgramCompiler::effect(const Step& s, const Place& here, bool& held) {
  const Effect& e = t_.effects[static_cast<std::size_t>(s.ref)];
  const auto id = static_cast<std::uint32_t>(s.ref);
  // A repetition is skipped; both ways must leave the worker in one state.
  if (e.idempotent) no_worker(here, held);
  const std::uint32_t at = e.idempotent ? emit(Op::recognise, id) : kNoId;
  body(s.branches[0].steps, here, held);
  if (e.idempotent) no_worker(here, held);
  emit(Op::effect, id);
  if (e.idempotent) m_.steps[at].needed = pc();
  saga_ends(s.ref, here);
}

// A stored saga of a service may be taken up again: by a frame that begins where the saga does, and ends with
// it. It runs these very steps, so that what it does again is recognised.
void ProgramCompiler::saga_begins(int begun, std::uint32_t first, const Place& here) {
  if (here.station == kNoId) return;
  for (std::size_t i = 0; i < t_.sagas.size(); ++i) {
    if (t_.sagas[i].durable && t_.sagas[i].begun == begun)
      m_.saga_programs.push_back({static_cast<std::uint32_t>(i), first, first, kNoId});
  }
}

void ProgramCompiler::saga_ends(int ended, const Place& here) {
  if (here.station == kNoId) return;
  const auto at =
      std::find_if(m_.saga_programs.rbegin(), m_.saga_programs.rend(),
                   [&](const SagaProgram& program) { return t_.sagas[program.saga].ended == ended; });
  if (at == m_.saga_programs.rend()) return;
  const std::uint32_t end = emit(Op::end_resumed, at->entry);
  if (at->entry == kNoId) {
    const std::uint32_t over = emit(Op::jump);
    at->entry = m_.steps[end].first = emit(Op::jump, at->first);
    m_.steps[over].first = pc();
  }
  at->last = pc() - 1;
}

void ProgramCompiler::await(const Step& s, const Place& here, bool& held) {
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

void ProgramCompiler::branch(const Step& s, const Place& here, bool& held) {
  const std::uint32_t at = emit(Op::branch);
  m_.steps[at].count = static_cast<std::uint16_t>(s.branches.size());
  m_.steps[at].stream = stream(here.component, here.purpose);
  m_.steps[at].flags = s.needed == 1 ? kByKey : s.ref == kVersionBranch ? kByVersion : 0;
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
    BranchOption& option = m_.options[options + k];  // more may have come meanwhile
    option.releases = m_.steps.size() > start && m_.steps[start].op == Op::release;
    const std::size_t first = option.releases ? start + 1 : start;
    if (first < m_.steps.size() && m_.steps[first].op == Op::call) option.edge = m_.steps[first].first;
    no_worker(here, inside);
    jumps.push_back(emit(Op::jump));
  }
  for (const std::uint32_t j : jumps) m_.steps[j].first = pc();
  held = here.async ? false : before;
}

// Whether an effect has come about decides, not chance.
void ProgramCompiler::given(const Step& s, const Place& here, bool& held) {
  no_worker(here, held);
  const std::uint32_t at = emit(Op::recognise, static_cast<std::uint32_t>(s.ref) | kEffectQuestion);
  saga_begins(s.ref, at, here);
  body(s.branches[1].steps, below(here, 1), held);
  no_worker(here, held);
  const std::uint32_t over = emit(Op::jump);
  m_.steps[at].needed = pc();
  body(s.branches[0].steps, below(here, 0), held);
  no_worker(here, held);
  m_.steps[over].first = pc();
}

void ProgramCompiler::loop(const Step& s, const Place& here, bool& held) {
  const Steps& inner = s.branches.front().steps;
  if (inner.empty()) return;
  if (s.distribution->is_constant()) {
    const double times = s.distribution->mean();
    if (times * static_cast<double>(size_of(inner)) <= static_cast<double>(kUnrollSteps)) {
      for (int k = 0; k < static_cast<int>(times + 0.5); ++k) body(inner, here, held);  // of 64 at most
      return;
    }
  }
  no_worker(here, held);
  const std::uint32_t at =
      emit(Op::loop, draw(*s.distribution, stream(here.component, here.purpose + "/times")));
  m_.steps[at].flags = here.async ? 0 : kLendsWorker;
  const std::uint32_t skip = emit(Op::jump);
  m_.steps[at].needed = sub_program(inner, here);
  m_.steps[skip].first = pc();
}

}  // namespace tailrace::models
