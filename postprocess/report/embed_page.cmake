# cmake -D PARTS=page.html;page.css;a.js;b.js;... -D OUTPUT=FILE.cpp -P embed_page.cmake: puts the
# style and the scripts, in that order, into the page, and writes what report_page.h declares.
cmake_minimum_required(VERSION 3.25)
list(POP_FRONT PARTS page_file style_file)
file(READ "${page_file}" page)
file(READ "${style_file}" style)
set(script "")
foreach(file IN LISTS PARTS)
  file(READ "${file}" part)
  string(APPEND script "${part}")
endforeach()
string(REPLACE "/* style */" "${style}" page "${page}")
string(REPLACE "/* script */" "${script}" page "${page}")
file(WRITE "${OUTPUT}" "#include \"postprocess/report/report_page.h\"

namespace co2net {

std::string_view report_page() {
  static constexpr std::string_view page = R\"co2net_page(${page})co2net_page\";
  return page;
}

}  // namespace co2net
")
