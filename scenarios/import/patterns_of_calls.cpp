#include "scenarios/import/patterns_of_calls.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "scenarios/import/fit.hpp"

namespace tailrace::scenarios {

namespace {

using Chain = std::vector<std::uint32_t>;

DraftStep call_step(std::uint32_t operation, const std::vector<Target>& targets,
                    const std::vector<bool>& tolerated) {
  DraftStep step;
  step.kind = DraftStep::Kind::call;
  step.target = targets[operation];
  step.ignore_failure = tolerated[operation];
  return step;
}

// Equal neighbours become a loop.
std::vector<DraftStep> chain_steps(const Chain& chain, const std::vector<Target>& targets,
                                   const std::vector<bool>& tolerated) {
  std::vector<DraftStep> steps;
  for (std::size_t i = 0; i < chain.size();) {
    const bool background = chain[i] == kBackground;
    if (background && ++i >= chain.size()) break;
    std::size_t times = 1;
    while (!background && i + times < chain.size() && chain[i + times] == chain[i]) ++times;
    DraftStep step = call_step(chain[i], targets, tolerated);
    if (background || times > 1) {
      DraftStep around;
      around.kind = background ? DraftStep::Kind::background : DraftStep::Kind::loop;
      around.times = times;
      if (background) step.ignore_failure = false;
      around.blocks = {{step}};
      step = around;
    }
    steps.push_back(step);
    i += times;
  }
  return steps;
}

std::vector<DraftStep> pattern_steps(const CallPattern& pattern, const std::vector<Target>& targets,
                                     const std::vector<bool>& tolerated) {
  std::vector<DraftStep> steps;
  std::vector<Chain> stage(1);
  Chain line;  // stages of one chain that follow one another
  const auto end_line = [&] {
    for (DraftStep& s : chain_steps(line, targets, tolerated)) steps.push_back(std::move(s));
    line.clear();
  };
  for (const std::uint32_t token : pattern) {
    if (token == kNextChain) {
      stage.emplace_back();
    } else if (token != kNextStage) {
      stage.back().push_back(token);
    } else {
      if (stage.size() == 1) {
        line.insert(line.end(), stage[0].begin(), stage[0].end());
      } else {
        end_line();
        DraftStep parallel;
        parallel.kind = DraftStep::Kind::parallel;
        for (const Chain& chain : stage) parallel.blocks.push_back(chain_steps(chain, targets, tolerated));
        steps.push_back(std::move(parallel));
      }
      stage.assign(1, {});
    }
  }
  end_line();
  return steps;
}

void count_calls(const CallPattern& pattern, std::uint64_t visits,
                 std::map<std::uint32_t, std::uint64_t>& calls) {
  for (const std::uint32_t token : pattern) {
    if (token < kNextChain) calls[token] += visits;
  }
}

// Each target as often as the mean: the whole part as a loop, what is left with a probability.
std::vector<DraftStep> mean_steps(const std::map<std::uint32_t, std::uint64_t>& calls, std::uint64_t visits,
                                  const std::vector<Target>& targets, const std::vector<bool>& tolerated) {
  std::vector<DraftStep> steps;
  for (const auto& [operation, count] : calls) {
    const std::uint64_t whole = count / visits;
    const double left = static_cast<double>(count % visits) / static_cast<double>(visits);
    DraftStep step = call_step(operation, targets, tolerated);
    if (whole > 0) {
      const std::uint64_t times = std::min<std::uint64_t>(whole, 100'000);
      DraftStep around = step;
      if (times > 1) {
        around = DraftStep{};
        around.kind = DraftStep::Kind::loop;
        around.times = times;
        around.blocks = {{step}};
      }
      steps.push_back(around);
    }
    if (left >= 1e-6) {
      step.probability = left;
      steps.push_back(step);
    }
  }
  return steps;
}

}  // namespace

CallPattern pattern_of(std::vector<const Visit*>& calls) {
  std::stable_sort(calls.begin(), calls.end(),
                   [](const Visit* a, const Visit* b) { return a->called < b->called; });
  CallPattern out;
  struct Open {
    Chain chain;
    std::int64_t until;
  };
  std::vector<Open> stage;
  std::int64_t until = 0;
  const auto end_stage = [&] {
    if (stage.empty()) return;
    // Which of them began first is chance.
    std::stable_sort(stage.begin(), stage.end(),
                     [](const Open& a, const Open& b) { return a.chain < b.chain; });
    for (std::size_t c = 0; c < stage.size(); ++c) {
      if (c > 0) out.push_back(kNextChain);
      out.insert(out.end(), stage[c].chain.begin(), stage[c].chain.end());
    }
    out.push_back(kNextStage);
    stage.clear();
  };
  for (const Visit* call : calls) {
    if (call->background) {
      end_stage();
      out.insert(out.end(), {kBackground, call->operation, kNextStage});
      continue;
    }
    if (!stage.empty() && call->called >= until) end_stage();
    // In a stage it follows the chain that ended last before it began, if one did.
    Open* follows = nullptr;
    for (Open& open : stage) {
      if (open.until <= call->called && (follows == nullptr || open.until > follows->until)) follows = &open;
    }
    if (follows == nullptr) {
      stage.push_back({{}, 0});
      follows = &stage.back();
    }
    follows->chain.push_back(call->operation);
    follows->until = call->answered;
    until =
        stage.size() == 1 && follows->chain.size() == 1 ? call->answered : std::max(until, call->answered);
  }
  end_stage();
  return out;
}

CallSteps steps_of(const PatternCounts& patterns, const std::vector<Target>& targets,
                   const std::vector<bool>& tolerated) {
  std::vector<std::pair<std::uint64_t, const CallPattern*>> list;
  for (const auto& [pattern, count] : patterns.counts) list.emplace_back(count, &pattern);
  std::stable_sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  std::map<std::uint32_t, std::uint64_t> rest_calls = patterns.rest_calls;
  std::uint64_t rest = patterns.rest;
  const bool merge = rest > 0 || list.size() > kMostPatterns;
  const std::size_t kept = merge ? std::min(list.size(), kMostPatterns - 1) : list.size();
  for (std::size_t i = kept; i < list.size(); ++i) {
    rest += list[i].first;
    count_calls(*list[i].second, list[i].first, rest_calls);
  }
  CallSteps out;
  DraftStep branch;
  branch.kind = DraftStep::Kind::branch;
  for (std::size_t i = 0; i < kept; ++i) {
    branch.blocks.push_back(pattern_steps(*list[i].second, targets, tolerated));
    branch.weights.push_back(static_cast<double>(list[i].first));
  }
  if (rest > 0) {
    branch.blocks.push_back(mean_steps(rest_calls, rest, targets, tolerated));
    branch.weights.push_back(static_cast<double>(rest));
    out.comment =
        fmt::format("{} of {} called in other ways: the last option, with the mean number of calls to each",
                    grouped(rest), grouped(patterns.total));
  }
  if (branch.blocks.empty()) return out;
  if (branch.blocks.size() == 1) {
    out.steps = std::move(branch.blocks[0]);
  } else {
    out.steps.push_back(std::move(branch));
  }
  return out;
}

}  // namespace tailrace::scenarios
