#include "analysis/html/topology_svg.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "analysis/html/layers.hpp"
#include "analysis/html/svg.hpp"
#include "analysis/html/text.hpp"

namespace tailrace::analysis::html {

namespace {

constexpr double kBoxWidth = 164, kBoxHeight = 52, kLayerGap = 86, kRowGap = 16, kMargin = 10;
constexpr double kLoopHeight = 22;  // below a box that calls itself
// Where the page is narrower the drawing scrolls: names stay legible.
constexpr double kLeastOnADesk = 0.6, kLeastOnAPhone = 0.85;  // of its size
constexpr double kBarWidth = kBoxWidth - 70;
constexpr std::size_t kNameWidth = 20;
constexpr std::size_t kMostLanes = 60;
constexpr double kManyFail = 0.01;   // of the calls: the arrow is drawn as failing
constexpr double kAmplified = 1.05;  // attempts per call: the arrow says how many

struct Node {
  std::size_t component = 0;
  bool workload = false;
  std::string rate;   // of a workload
  double load = -1;   // utilisation of the busiest station; -1: none that is bounded
  double flow = 0;    // starts of service per second
  std::string about;  // what shows when pointed at
};

struct Arrow {
  std::uint64_t calls = 0, attempts = 0, ended = 0, failed = 0;
};

class Drawing {
 public:
  explicit Drawing(const RunResults& results) : report_(results.report), topology_(*results.model.topology) {}

  std::string html() {
    find_nodes();
    find_arrows();
    keep_most();
    if (nodes_.empty()) return "";
    lay_out();
    std::string out = "<section><h2>Topology</h2>\n<div class=\"scroll\">";
    out += fmt::format(
        "<svg class=\"topology\" viewBox=\"0 0 {0} {1}\" style=\"width:{0}px;--desk:{2}px;--phone:{3}px\" "
        "role=\"img\" "
        "aria-label=\"who calls whom, and how busy everybody is\">",
        coordinate(width_), coordinate(height_), coordinate(kLeastOnADesk * width_),
        coordinate(kLeastOnAPhone * width_));
    out +=
        "<defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"8\" "
        "markerHeight=\"8\" markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path class=\"tip\" d=\"M0 0L8 "
        "4L0 8z\"/></marker></defs>";
    for (std::size_t a = 0; a < ends_.size(); ++a) draw(a);
    for (std::size_t i = 0; i < nodes_.size(); ++i) draw_box(i);
    out += out_ + "</svg></div>\n";
    out +=
        "<p class=\"legend\"><span><i class=\"key calm\"></i>utilisation below 80 %</span> <span><i "
        "class=\"key busy\"></i>80 % and more</span> <span><i class=\"key full\"></i>95 % and more</span> "
        "<span><i class=\"key failing\"></i>more than 1 % of the calls fail</span> <span>×2.0: attempts per "
        "call</span></p>\n";
    if (left_out_ > 0) {
      out += fmt::format("<p class=\"note\">The busiest {} are drawn; {} more are not.</p>\n",
                         human_count(nodes_.size()), human_count(left_out_));
    }
    return out + "</section>\n";
  }

 private:
  void find_nodes() {
    std::vector<int> at(topology_.components.size(), -1);
    const auto node = [&](int component) -> Node& {
      int& place = at[static_cast<std::size_t>(component)];
      if (place < 0) {
        place = static_cast<int>(nodes_.size());
        nodes_.push_back({});
        nodes_.back().component = static_cast<std::size_t>(component);
      }
      return nodes_[static_cast<std::size_t>(place)];
    };
    for (std::size_t w = 0; w < topology_.workloads.size(); ++w) {
      if (topology_.workloads[w].component == models::kNone) continue;
      Node& n = node(topology_.workloads[w].component);
      n.workload = true;
      if (w < report_.workloads.size()) {
        n.rate = human_rate(report_.workloads[w].arrival_rate.estimate);
        n.about =
            fmt::format("{} of its requests failed", human_fraction(report_.workloads[w].failed.estimate));
      }
    }
    for (std::size_t s = 0; s < topology_.stations.size(); ++s) {
      if (topology_.stations[s].component == models::kNone) continue;
      Node& n = node(topology_.stations[s].component);
      const StationReport& station = report_.stations[s];
      const bool bounded = station.utilization.groups > 0;
      const double load = std::max(bounded ? station.utilization.estimate : -1.0,
                                   station.cpus > 0 ? station.cpu_utilization.estimate : -1.0);
      n.load = std::max(n.load, load);
      n.flow += station.throughput.estimate;
      n.about +=
          fmt::format("{}{}: {} of work, mean queue {}", n.about.empty() ? "" : "; ", station.name,
                      human_rate(station.throughput.estimate), human_number(station.queue_length.estimate));
    }
    place_of_ = std::move(at);
  }

  void find_arrows() {
    // Deliveries are calls of a channel to itself, whose steps are the handler's.
    std::vector<bool> channel(topology_.components.size());
    for (const models::MessageChannel& c : topology_.channels) {
      if (c.component != models::kNone) channel[static_cast<std::size_t>(c.component)] = true;
    }
    std::map<std::pair<int, int>, Arrow> arrows;
    for (std::size_t e = 0; e < topology_.edges.size(); ++e) {
      const models::Edge& edge = topology_.edges[e];
      if (edge.probe || edge.operation == models::kNone || edge.from_component == models::kNone) continue;
      const int from = place_of_[static_cast<std::size_t>(edge.from_component)];
      const int to = place_of_[static_cast<std::size_t>(
          topology_.operations[static_cast<std::size_t>(edge.operation)].component)];
      if (from < 0 || to < 0 || (from == to && channel[static_cast<std::size_t>(edge.from_component)]))
        continue;
      Arrow& arrow = arrows[{from, to}];
      const EdgeReport& report = report_.edges[e];
      arrow.calls += report.calls, arrow.attempts += report.attempts;
      arrow.ended += models::total(report.ended);
      arrow.failed += models::total(report.ended) - report.ended[0];
    }
    for (const auto& [ends, arrow] : arrows) ends_.push_back(ends), arrows_.push_back(arrow);
  }

  void keep_most() {
    std::vector<std::size_t> order(nodes_.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      if (nodes_[a].workload != nodes_[b].workload) return nodes_[a].workload;
      return nodes_[a].load > nodes_[b].load;
    });
    if (order.size() > kMostNodes) {
      left_out_ = order.size() - kMostNodes;
      order.resize(kMostNodes);
      std::sort(order.begin(), order.end());
    }
    std::vector<int> kept(nodes_.size(), -1);
    std::vector<Node> nodes;
    for (const std::size_t i : order) {
      kept[i] = static_cast<int>(nodes.size());
      nodes.push_back(nodes_[i]);
    }
    nodes_ = std::move(nodes);
    std::vector<std::pair<int, int>> ends;
    std::vector<Arrow> arrows;
    for (std::size_t a = 0; a < ends_.size() && arrows.size() < kMostArrows; ++a) {
      const int from = kept[static_cast<std::size_t>(ends_[a].first)];
      const int to = kept[static_cast<std::size_t>(ends_[a].second)];
      if (from < 0 || to < 0) continue;
      ends.emplace_back(from, to);
      arrows.push_back(arrows_[a]);
    }
    ends_ = std::move(ends), arrows_ = std::move(arrows);
    for (const Arrow& arrow : arrows_) most_calls_ = std::max(most_calls_, arrow.calls);
  }

  // Arrows over more than one layer get a lane of their own in each layer between, so that they pass boxes
  // and do not hide behind them; where there are too many of these the drawing would be all lanes.
  void lay_out() {
    const auto boxes = nodes_.size();
    layers_ = in_layers(static_cast<int>(boxes), ends_);
    lanes_.assign(ends_.size(), {});
    std::vector<std::pair<int, int>> steps;
    std::size_t places = boxes;
    for (std::size_t a = 0; a < ends_.size(); ++a) {
      if (layers_.back[a]) continue;
      const int between = layer_of(ends_[a].second) - layer_of(ends_[a].first) - 1;
      int last = ends_[a].first;
      for (int k = 0; k < between; ++k) {
        lanes_[a].push_back(places);
        steps.emplace_back(last, static_cast<int>(places));
        last = static_cast<int>(places++);
      }
      steps.emplace_back(last, ends_[a].second);
    }
    if (places - boxes > kMostLanes) {
      lanes_.assign(ends_.size(), {});
      places = boxes;
    } else {
      std::vector<bool> back = std::move(layers_.back);
      layers_ = in_layers(static_cast<int>(places), steps);
      layers_.back = std::move(back);
    }

    const auto height = [&](int node) {
      if (static_cast<std::size_t>(node) >= boxes) return 0.0;
      const bool loop = std::find(ends_.begin(), ends_.end(), std::pair(node, node)) != ends_.end();
      return kBoxHeight + (loop ? kLoopHeight : 0);
    };
    std::vector<double> heights;
    for (const auto& layer : layers_.nodes) {
      double sum = -kRowGap;
      for (const int node : layer) sum += height(node) + kRowGap;
      heights.push_back(sum);
    }
    const double body = heights.empty() ? 0 : *std::max_element(heights.begin(), heights.end());
    const bool loops = std::find(layers_.back.begin(), layers_.back.end(), true) != layers_.back.end();
    width_ = 2 * kMargin + static_cast<double>(layers_.nodes.size()) * (kBoxWidth + kLayerGap) - kLayerGap;
    height_ = 2 * kMargin + body + (loops ? 40 : 0);
    left_.resize(places), top_.resize(places);
    for (std::size_t l = 0; l < layers_.nodes.size(); ++l) {
      double y = kMargin + (body - heights[l]) / 2;
      for (const int node : layers_.nodes[l]) {
        left_[static_cast<std::size_t>(node)] = kMargin + static_cast<double>(l) * (kBoxWidth + kLayerGap);
        top_[static_cast<std::size_t>(node)] = y;
        y += height(node) + kRowGap;
      }
    }
  }
  int layer_of(int node) const { return layers_.layer[static_cast<std::size_t>(node)]; }

  void draw(std::size_t a) {
    const Arrow& arrow = arrows_[a];
    const auto from = static_cast<std::size_t>(ends_[a].first),
               to = static_cast<std::size_t>(ends_[a].second);
    const double share =
        most_calls_ > 0 ? static_cast<double>(arrow.calls) / static_cast<double>(most_calls_) : 0;
    const double failed =
        arrow.ended > 0 ? static_cast<double>(arrow.failed) / static_cast<double>(arrow.ended) : 0;
    const double each =
        arrow.calls > 0 ? static_cast<double>(arrow.attempts) / static_cast<double>(arrow.calls) : 1;
    std::string d;
    double label_x = 0, label_y = 0;
    if (layers_.back[a]) {  // around below
      const double x1 = left_[from] + kBoxWidth / 2, x2 = left_[to] + kBoxWidth / 2 + (from == to ? 40 : 0);
      const double y1 = top_[from] + kBoxHeight, y2 = top_[to] + kBoxHeight;
      const double deep = std::max(y1, y2) + 34;
      d = fmt::format("M{} {}C{} {} {} {} {} {}", coordinate(x1), coordinate(y1), coordinate(x1),
                      coordinate(deep), coordinate(x2), coordinate(deep), coordinate(x2), coordinate(y2 + 2));
      label_x = (x1 + x2) / 2, label_y = deep - 12;
    } else {
      double x = left_[from] + kBoxWidth, y = top_[from] + kBoxHeight / 2;
      d = fmt::format("M{} {}", coordinate(x), coordinate(y));
      const auto curve = [&](double to_x, double to_y) {
        const double middle = (x + to_x) / 2;
        d += fmt::format("C{} {} {} {} {} {}", coordinate(middle), coordinate(y), coordinate(middle),
                         coordinate(to_y), coordinate(to_x), coordinate(to_y));
        label_x = middle, label_y = (y + to_y) / 2 - 6;
        x = to_x, y = to_y;
      };
      for (const std::size_t lane : lanes_[a]) {
        curve(left_[lane], top_[lane]);
        x = left_[lane] + kBoxWidth;
        d += "H" + coordinate(x);
      }
      curve(left_[to] - 2, top_[to] + kBoxHeight / 2);
    }
    const char* kind = arrow.calls == 0 ? "arrow unused" : failed > kManyFail ? "arrow failing" : "arrow";
    out_ += fmt::format("<path class=\"{}\" d=\"{}\" stroke-width=\"{}\" marker-end=\"url(#tip)\">", kind, d,
                        coordinate(1.2 + 2.8 * std::sqrt(share)));
    out_ += fmt::format("<title>{} to {}: {} calls, {} attempts per call, {} failed</title></path>",
                        name_of(from), name_of(to), human_count(arrow.calls), human_number(each),
                        human_fraction(failed));
    if (each > kAmplified)
      out_ += svg_text(label_x, label_y, "retries mid", "×" + fmt::format("{:.1f}", each));
  }

  std::string name_of(std::size_t node) const {
    return tailrace::analysis::html::html(topology_.components[nodes_[node].component].name);
  }

  void draw_box(std::size_t i) {
    const Node& n = nodes_[i];
    const models::Component& component = topology_.components[n.component];
    const double x = left_[i], y = top_[i];
    out_ += fmt::format("<g><title>{} ({}){}{}</title>", name_of(i), component.kind,
                        n.about.empty() ? "" : ": ", tailrace::analysis::html::html(n.about));
    out_ += fmt::format("<rect class=\"box{}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"{}\"/>",
                        n.workload ? " source" : "", coordinate(x), coordinate(y), coordinate(kBoxWidth),
                        coordinate(kBoxHeight), n.workload ? "26" : "6");
    out_ += svg_text(x + (n.workload ? 18 : 10), y + 21, "name",
                     tailrace::analysis::html::html(shortened(component.name, kNameWidth, kText)));
    if (n.workload) {
      out_ += svg_text(x + 18, y + 39, "small", n.rate);
    } else if (n.load < 0) {
      out_ += svg_text(x + 10, y + 39, "small",
                       n.flow > 0 ? component.kind + ", " + human_rate(n.flow) : component.kind);
    } else {
      const double held = std::clamp(n.load, 0.0, 1.0) * kBarWidth;
      out_ += fmt::format("<rect class=\"bar\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"8\" rx=\"2\"/>",
                          coordinate(x + 10), coordinate(y + 31), coordinate(kBarWidth));
      out_ += fmt::format("<rect class=\"{}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"8\" rx=\"2\"/>",
                          n.load >= 0.95  ? "full"
                          : n.load >= 0.8 ? "busy"
                                          : "calm",
                          coordinate(x + 10), coordinate(y + 31), coordinate(held));
      out_ += svg_text(x + kBoxWidth - 10, y + 39, "small end", fmt::format("{:.1f} %", 100 * n.load));
    }
    out_ += "</g>\n";
  }

  const RunReport& report_;
  const models::Topology& topology_;
  std::vector<int> place_of_;  // node, by component
  std::vector<Node> nodes_;
  std::vector<std::pair<int, int>> ends_;
  std::vector<Arrow> arrows_;
  std::uint64_t most_calls_ = 0;
  std::size_t left_out_ = 0;
  Layers layers_;
  std::vector<std::vector<std::size_t>> lanes_;  // by arrow: its places between the boxes
  std::vector<double> left_, top_;
  double width_ = 0, height_ = 0;
  std::string out_;
};

}  // namespace

std::string topology_html(const RunResults& results) {
  return Drawing(results).html();
}

}  // namespace tailrace::analysis::html
