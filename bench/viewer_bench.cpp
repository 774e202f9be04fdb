// A frame of the viewer without rasterising: the model's figures, the layout of what moves, and the draw
// list. The budget is 4 ms for 500 nodes and 2,000 edges (docs/viewer.md).
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "viewer/app.hpp"
#include "viewer/layout/layered.hpp"

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

// Ten minutes of the shop that the pictures show; each frame is of another moment of it. The goal is 300 ms
// from a click to the picture; single calls (Session::moment) follow when the run has come there again.
void scrub(benchmark::State& state) {
  models::Diagnostics diagnostics;
  std::vector<models::SourceFile> files;
  std::string error;
  SessionOptions session;
  session.overrides = {"run.duration=10min"};
  std::vector<std::unique_ptr<Session>> sessions;
  sessions.push_back(
      Session::open("scenarios/library/online-boutique.yaml", session, diagnostics, files, error));
  if (!sessions[0]) return state.SkipWithError("scenarios/library is looked for in the working folder");
  App app(std::move(sessions), {});
  const auto surface = open_null({});
  app.attach(*surface);
  if (!app.settle(10, 300)) return state.SkipWithError("the run did not end");
  std::mt19937 random(5);
  for (auto _ : state) {
    app.session().seek(static_cast<double>(random() % 600'000) * 1e-3);
    surface->begin_frame(0);
    app.draw(0);
    surface->end_frame();
  }
}
BENCHMARK(scrub)->Unit(benchmark::kMillisecond);

}  // namespace
