// A frame of the viewer without rasterising: the model's figures, the layout of what moves, and the draw
// list. The budget is 4 ms for 500 nodes and 2,000 edges (docs/viewer.md).
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <random>
#include <string>

#include "models/runtime/execution.hpp"
#include "viewer/app.hpp"
#include "viewer/layout/layered.hpp"
#include "viewer/model/run_watch.hpp"

namespace {

using namespace tailrace;
using namespace tailrace::viewer;

// Tiers of services; each calls some of the next.
std::string scenario(int services, int calls) {
  std::mt19937 random(7);
  const int tiers = 8, size = services / tiers;
  std::vector<std::vector<int>> targets(static_cast<std::size_t>(services));
  for (int i = size; i < services; ++i)
    targets[static_cast<std::size_t>((i / size - 1) * size +
                                     static_cast<int>(random() % static_cast<unsigned>(size)))]
        .push_back(i);
  for (int made = services - size; made < calls; ++made) {
    const int from = static_cast<int>(random() % static_cast<unsigned>(services - size));
    targets[static_cast<std::size_t>(from)].push_back(std::min(
        services - 1, (from / size + 1) * size + static_cast<int>(random() % static_cast<unsigned>(size))));
  }
  std::string text =
      "tailrace: 1\nname: many\nrun: {duration: 20s, warmup: 1s, replications: 1}\nworkloads:\n  users:\n    "
      "constant_arrival_rate: 50/s\n    requests:\n";
  for (int i = 0; i < std::min(size, 200); ++i)  // as many classes as a workload may have
    text += fmt::format("      r{}: {{weight: 1, steps: [call: s{}.go]}}\n", i, i);
  text += "services:\n";
  for (int i = 0; i < services; ++i) {
    text += fmt::format("  s{}: {{workers: 16, endpoints: {{go: [{{compute: exp(500us)}}", i);
    const auto& list = targets[static_cast<std::size_t>(i)];
    if (list.size() == 1) text += fmt::format(", {{call: s{}.go}}", list[0]);
    if (list.size() > 1) {
      text += ", {branch: [";
      for (std::size_t j = 0; j < list.size(); ++j) {
        const int share = 1'000'000 / static_cast<int>(list.size());
        const int mine = j + 1 < list.size() ? share : 1'000'000 - share * static_cast<int>(list.size() - 1);
        text += fmt::format("{}{{probability: {:.6f}, steps: [call: s{}.go]}}", j > 0 ? ", " : "",
                            mine * 1e-6, list[j]);
      }
      text += "]}";
    }
    text += "]}}\n";
  }
  return text;
}

// A new moment in each frame, so that nothing can be kept from the last.
void frame(benchmark::State& state, PanelName panel) {
  models::Diagnostics diagnostics;
  std::vector<std::unique_ptr<Session>> sessions;
  sessions.push_back(Session::open_text(
      scenario(static_cast<int>(state.range(0)), static_cast<int>(state.range(1))), {}, diagnostics));
  if (!sessions[0]) return state.SkipWithError(diagnostics.all()[0].message.c_str());
  AppOptions options;
  options.panel = panel;
  App app(std::move(sessions), options);
  const auto surface = open_null({});
  app.attach(*surface);
  if (!app.settle(10, 300)) return state.SkipWithError("the run did not end");
  app.session().follow(false);
  double t = 5;
  int vertices = 0;
  for (auto _ : state) {
    t = t > 19 ? 5 : t + 0.04;
    app.session().seek(t);
    surface->begin_frame(0);
    app.draw(0);
    surface->end_frame();
    vertices = ImGui::GetDrawData()->TotalVtxCount;
  }
  state.counters["vertices"] = vertices;
}
BENCHMARK_CAPTURE(frame, topology, PanelName::topology)
    ->Args({48, 120})
    ->Args({200, 600})
    ->Args({500, 2000})
    ->Args({5000, 20000})
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(frame, everything, PanelName::all)
    ->Args({48, 120})
    ->Args({500, 2000})
    ->Unit(benchmark::kMillisecond);

// Ten minutes of a run in the library that has been watched to its end. Null: the benchmark says why.
std::unique_ptr<App> ten_minutes(benchmark::State& state, const char* scenario) {
  models::Diagnostics diagnostics;
  std::vector<models::SourceFile> files;
  std::string error;
  SessionOptions session;
  session.overrides = {"run.duration=10min"};
  std::vector<std::unique_ptr<Session>> sessions;
  sessions.push_back(
      Session::open(std::string("scenarios/library/") + scenario, session, diagnostics, files, error));
  if (!sessions[0]) {
    state.SkipWithError("scenarios/library is looked for in the working folder");
    return nullptr;
  }
  return std::make_unique<App>(std::move(sessions), AppOptions{});
}

// Each frame is of another moment: figures, charts, flows and health, which are slices that are there. The
// goal is 300 ms from a click to the picture.
void scrub(benchmark::State& state) {
  const auto app = ten_minutes(state, "online-boutique.yaml");
  if (!app) return;
  const auto surface = open_null({});
  app->attach(*surface);
  if (!app->settle(10, 300)) return state.SkipWithError("the run did not end");
  std::mt19937 random(5);
  for (auto _ : state) {
    app->session().seek(static_cast<double>(random() % 600'000) * 1e-3);
    surface->begin_frame(0);
    app->draw(0);
    surface->end_frame();
  }
}
BENCHMARK(scrub)->Unit(benchmark::kMillisecond);

// The same leaps until single calls and the state of each instance are there too: the run goes again up to
// the moment, from its start or from where it stands. The longest of the leaps is a counter.
void scrub_exact(benchmark::State& state, const char* scenario) {
  const auto app = ten_minutes(state, scenario);
  if (!app) return;
  if (!app->session().wait_complete(300)) return state.SkipWithError("the run did not end");
  std::mt19937 random(5);
  double longest = 0;
  for (auto _ : state) {
    const auto before = std::chrono::steady_clock::now();
    const double t = static_cast<double>(random() % 600'000) * 1e-3;
    app->session().seek(t);
    if (!app->session().wait_moment(t, 0.02)) return state.SkipWithError("there is no moment");
    longest =
        std::max(longest, std::chrono::duration<double>(std::chrono::steady_clock::now() - before).count());
  }
  state.counters["longest_ms"] = longest * 1e3;
}
BENCHMARK_CAPTURE(scrub_exact, online_boutique, "online-boutique.yaml")
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK_CAPTURE(scrub_exact, retry_storm, "retry-storm.yaml")->Unit(benchmark::kMillisecond)->UseRealTime();

// Ten minutes of the shop as nobody looks and as a session does, in turns: the histories are made and handed
// over as the panels get them. The goal is under 10 %; the counter is the ratio of the shortest times.
void watched(benchmark::State& state) {
  const auto app = ten_minutes(state, "online-boutique.yaml");
  if (!app) return;
  if (!app->session().wait_complete(300)) return state.SkipWithError("the run did not end");
  const std::shared_ptr<const Scene> scene = app->session().view()->scene;
  const models::RunSettings& run = scene->model->topology->run;
  const std::atomic<int> stop{0};
  double alone = 1e9, beside = 1e9;
  for (auto _ : state) {
    for (const bool looks : {false, true}) {
      std::shared_ptr<const History> last;
      HistoryWatch watch(scene, run.warmup.ns, stop,
                         [&](std::shared_ptr<const History> history) { last = std::move(history); });
      models::RunOptions options;
      options.seed = run.seed;
      options.warmup_ns = run.warmup.ns;
      if (looks) options.watch = &watch;
      const auto before = std::chrono::steady_clock::now();
      benchmark::DoNotOptimize(models::Execution(scene->model, options).run().events);
      const double took = std::chrono::duration<double>(std::chrono::steady_clock::now() - before).count();
      (looks ? beside : alone) = std::min(looks ? beside : alone, took);
    }
  }
  state.counters["alone_ms"] = alone * 1e3;
  state.counters["watched_ms"] = beside * 1e3;
  state.counters["slower_percent"] = (beside / alone - 1) * 100;
}
BENCHMARK(watched)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
