#include "tests/viewer_gui/driver.hpp"

#include <stdexcept>

namespace tailrace::viewer {

const char* const kShop = R"(tailrace: 1
name: shop
about: "A shop for tests."
run: {duration: 60s, warmup: 5s, seed: 3, replications: 1}
workloads:
  shoppers: {constant_arrival_rate: 80/s, calls: web.page}
services:
  web: {workers: 40, endpoints: {page: [compute: exp(2ms), call: orders.place]}}
  orders:
    workers: 8
    endpoints: {place: [compute: exp(2ms), {call: stock.read, timeout: 500ms, retries: {attempts: 1}}]}
  stock: {workers: 2, endpoints: {read: [compute: exp(10ms)]}}
faults:
  - {name: standstill, type: pause, target: stock, start: 20s, duration: 5s}
)";

Driver::Driver(const std::string& text, AppOptions options, int width, int height) {
  std::vector<std::unique_ptr<Session>> sessions;
  sessions.push_back(open_text(text));
  app_ = std::make_unique<App>(std::move(sessions), options);
  start(width, height);
}

Driver::Driver(std::vector<std::unique_ptr<Session>> sessions, AppOptions options, int width, int height)
    : app_(std::make_unique<App>(std::move(sessions), options)) {
  start(width, height);
}

void Driver::start(int width, int height) {
  SurfaceOptions surface;
  surface.width = width, surface.height = height;
  surface_ = open_null(surface);
  app_->attach(*surface_);
  settle(30);
}

void Driver::settle(double t_s) {
  if (!app_->settle(t_s, kLong)) throw std::runtime_error("the run did not end");
  frames(3);
}

void Driver::frame(double seconds) {
  surface_->begin_frame(0);
  app_->draw(seconds);
  surface_->end_frame();
  app_->after_frame(*surface_);
}

void Driver::click(ImVec2 at) {
  ImGuiIO& io = ImGui::GetIO();
  io.MousePos = at;
  frame();
  io.MouseDown[0] = true;
  frame();
  io.MouseDown[0] = false;
  frame();
  frames(30);  // longer than a double click: the next click is one of its own
}

void Driver::double_click(ImVec2 at) {
  ImGuiIO& io = ImGui::GetIO();
  io.MousePos = at;
  frame();
  for (int i = 0; i < 2; ++i) {
    io.MouseDown[0] = true;
    frame();
    io.MouseDown[0] = false;
    frame();
  }
  frames(30);
}

void Driver::drag(ImVec2 from, ImVec2 to) {
  ImGuiIO& io = ImGui::GetIO();
  io.MousePos = from;
  frame();
  io.MouseDown[0] = true;
  frame();
  for (int i = 1; i <= 8; ++i) {
    const float t = static_cast<float>(i) / 8;
    io.MousePos = {from.x + (to.x - from.x) * t, from.y + (to.y - from.y) * t};
    frame();
  }
  io.MouseDown[0] = false;
  frame();
  frames(30);
}

void Driver::wheel(ImVec2 at, float notches) {
  ImGui::GetIO().MousePos = at;
  frame();
  ImGui::GetIO().MouseWheel = notches;
  frame();
  ImGui::GetIO().MouseWheel = 0;
  frame();
}

void Driver::key(int key, bool ctrl, bool shift) {
  ImGuiIO& io = ImGui::GetIO();
  io.KeyCtrl = ctrl, io.KeyShift = shift;
  io.KeysDown[key] = true;
  frame();
  io.KeysDown[key] = false;
  io.KeyCtrl = io.KeyShift = false;
  frame();
}

void Driver::type(const std::string& text) {
  ImGui::GetIO().AddInputCharactersUTF8(text.c_str());
  frames(2);
}

void Driver::click_node(const std::string& name) {
  ImVec2 at;
  if (!app_->topology().where(node(name), at)) throw std::runtime_error("not drawn: " + name);
  click(at);
}

}  // namespace tailrace::viewer
