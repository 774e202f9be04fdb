#include "viewer/model/percentiles.hpp"

#include <algorithm>

namespace tailrace::viewer {

namespace {

// Of the series of a kind whose id `takes`.
template <class Takes>
Percentiles of_series(const Scene& scene, std::span<const sim::Histogram> series, models::SeriesKind kind,
                      const Takes& takes) {
  sim::Histogram all;
  const std::vector<models::SeriesInfo>& infos = scene.model->series;
  for (std::size_t s = 0; s < std::min(series.size(), infos.size()); ++s)
    if (infos[s].kind == kind && takes(infos[s].id)) all.merge(series[s]);
  Percentiles out;
  out.count = all.count();
  const auto quantile = [&](double p) {
    const bool enough = static_cast<double>(all.count()) * (1 - p) >= static_cast<double>(kBeyond) - 1e-6;
    return enough ? static_cast<double>(all.quantile(p)) * 1e-9 : kNothing;
  };
  out.p50 = quantile(0.5), out.p99 = quantile(0.99), out.p999 = quantile(0.999);
  return out;
}

}  // namespace

Percentiles node_percentiles(const Scene& scene, std::span<const sim::Histogram> series, int node,
                             Visits visits) {
  const int component = scene.nodes[static_cast<std::size_t>(node)].component;
  return of_series(scene, series, models::SeriesKind::operation, [&](std::uint32_t which) {
    const models::Operation& operation = scene.model->topology->operations[which];
    const bool publication = operation.channel != models::kNone;
    return operation.component == component &&
           (visits == Visits::all || publication == (visits == Visits::published));
  });
}

bool takes_messages(const Scene& scene, int node) {
  const int component = scene.nodes[static_cast<std::size_t>(node)].component;
  const std::vector<models::Operation>& all = scene.model->topology->operations;
  return std::any_of(all.begin(), all.end(), [component](const models::Operation& operation) {
    return operation.component == component && operation.channel != models::kNone;
  });
}

Percentiles edge_percentiles(const Scene& scene, std::span<const sim::Histogram> series, int edge) {
  const std::vector<int>& sites = scene.edges[static_cast<std::size_t>(edge)].edges;
  return of_series(scene, series, models::SeriesKind::call, [&](std::uint32_t site) {
    return std::find(sites.begin(), sites.end(), static_cast<int>(site)) != sites.end();
  });
}

}  // namespace tailrace::viewer
