#include "analysis/html/svg.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "sim/base/math.hpp"

namespace tailrace::analysis::html {

namespace {

constexpr double kWidth = 520, kHeight = 230;
constexpr double kLeft = 62, kRight = 14, kTop = 10, kBottom = 26;
constexpr int kMostDecades = 12;

struct Scale {
  double from = 0, to = 1, first_pixel = 0, last_pixel = 1;
  bool logarithmic = false;

  double operator()(double v) const {
    double share;
    if (logarithmic) {
      using sim::math::log;
      share = log(std::max(v, from) / from) / log(to / from);
    } else {
      share = (v - from) / (to - from);
    }
    return first_pixel + std::clamp(share, 0.0, 1.0) * (last_pixel - first_pixel);
  }
};

void path_of(std::string& out, const Line& line, const Scale& x, const Scale& y) {
  bool open = false;
  std::string d;
  for (std::size_t i = 0; i < line.x.size(); ++i) {
    if (!std::isfinite(line.y[i])) {
      open = false;
      continue;
    }
    // A single point between two gaps is still seen: round line ends.
    fmt::format_to(std::back_inserter(d), "{}{} {}", open ? "L" : "M", coordinate(x(line.x[i])),
                   coordinate(y(line.y[i])));
    if (!open) d += "h0";
    open = true;
  }
  if (!d.empty()) out += fmt::format("<path class=\"line {}\" d=\"{}\"/>", line.style, d);
}

}  // namespace

std::vector<double> nice_ticks(double low, double high, int wanted) {
  const double raw = std::max(high - low, 1e-12) / std::max(wanted, 1);
  double power = 1;
  while (power > raw) power /= 10;
  while (power * 10 <= raw) power *= 10;
  double step = power * 10;
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (power * factor >= raw * 0.999) {
      step = power * factor;
      break;
    }
  }
  std::vector<double> ticks;
  for (double k = std::floor(low / step);; ++k) {
    ticks.push_back(k * step);
    if (k * step >= high - step * 1e-9) return ticks;
  }
}

std::vector<double> decade_ticks(double low, double high) {
  double power = 1;
  while (power > low) power /= 10;
  while (power * 10 <= low) power *= 10;
  std::vector<double> ticks{power};
  while (ticks.back() < high && ticks.size() < kMostDecades) ticks.push_back(ticks.back() * 10);
  if (ticks.size() == 1) ticks.push_back(power * 10);
  return ticks;
}

std::vector<double> time_ticks(double end, int wanted) {
  static constexpr double kSteps[] = {1,   2,    5,    10,   15,    30,    60,    120,   300,    600,
                                      900, 1800, 3600, 7200, 14400, 21600, 43200, 86400, 172800, 604800};
  double step = 0;
  for (const double candidate : kSteps) {
    if (step == 0 && candidate * wanted >= end) step = candidate;
  }
  if (end < wanted || step == 0) return nice_ticks(0, end, wanted);
  std::vector<double> ticks;
  for (double tick = 0; tick <= end; tick += step) ticks.push_back(tick);
  return ticks;
}

std::string short_tick(std::string text) {
  const std::size_t dot = text.find('.');
  if (dot == std::string::npos) return text;
  std::size_t end = dot + 1;
  while (end < text.size() && text[end] >= '0' && text[end] <= '9') ++end;
  std::size_t keep = end;
  while (text[keep - 1] == '0') --keep;
  if (keep == dot + 1) keep = dot;
  return text.erase(keep, end - keep);
}

std::string coordinate(double v) {
  std::string text = fmt::format("{:.1f}", v + 0.0);
  if (text.size() > 2 && text.compare(text.size() - 2, 2, ".0") == 0) text.resize(text.size() - 2);
  return text;
}

std::string svg_text(double x, double y, std::string_view classes, std::string_view escaped_text) {
  return fmt::format("<text x=\"{}\" y=\"{}\" class=\"{}\">{}</text>", coordinate(x), coordinate(y), classes,
                     escaped_text);
}

std::string plot_svg(const Plot& plot) {
  double low = 0, high = 0;
  bool any = false;
  for (const Line& line : plot.lines) {
    for (const double v : line.y) {
      if (!std::isfinite(v) || (plot.logarithmic && !(v > 0))) continue;
      low = any ? std::min(low, v) : v;
      high = any ? std::max(high, v) : v;
      any = true;
    }
  }
  const bool logarithmic = plot.logarithmic && any;
  if (!logarithmic) low = 0;
  if (!(high > low)) high = low + 1;
  const std::vector<double> ys = logarithmic ? decade_ticks(low, high) : nice_ticks(low, high, 4);
  const Scale x{0, plot.x_end, kLeft, kWidth - kRight};
  const Scale y{ys.front(), ys.back(), kHeight - kBottom, kTop, logarithmic};

  std::string out =
      fmt::format("<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">", kWidth, kHeight, plot.label);
  for (const Band& band : plot.bands) {
    const double from = x(band.from), to = std::max(x(band.to), from + 1);
    out += fmt::format(
        "<rect class=\"band {}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" opacity=\"{:.2f}\">",
        band.style, coordinate(from), coordinate(kTop), coordinate(to - from),
        coordinate(kHeight - kBottom - kTop), band.strength);
    out += fmt::format("<title>{}</title></rect>", band.title);
  }
  for (const double tick : ys) {
    out += fmt::format("<path class=\"grid\" d=\"M{} {}H{}\"/>", coordinate(kLeft), coordinate(y(tick)),
                       coordinate(kWidth - kRight));
    out += svg_text(kLeft - 6, y(tick) + 4, "tick end", short_tick(plot.y_text(tick)));
  }
  for (const double tick : time_ticks(plot.x_end, 6)) {
    if (tick > plot.x_end * 1.0001) break;
    const bool last = tick > plot.x_end * 0.97;
    out += svg_text(x(tick), kHeight - 8, last ? "tick end" : "tick mid", short_tick(plot.x_text(tick)));
  }
  for (const Line& line : plot.lines) path_of(out, line, x, y);
  return out + "</svg>\n";
}

}  // namespace tailrace::analysis::html
