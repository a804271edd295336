# cmake -D PARTS=page.html;a.css;b.css;c.js;... -D NAME=kPage -D OUTPUT=FILE.cpp -P embed_page.cmake:
# puts styles and scripts, in that order, into the page, and writes it as what pages.h declares.
cmake_minimum_required(VERSION 3.25)
list(POP_FRONT PARTS page_file)
file(READ "${page_file}" page)
foreach(file IN LISTS PARTS)
  file(READ "${file}" part)
  cmake_path(GET file EXTENSION LAST_ONLY kind)
  string(APPEND text${kind} "${part}")
endforeach()
string(REPLACE "/* style */" "${text.css}" page "${page}")
string(REPLACE "/* script */" "${text.js}" page "${page}")
file(WRITE "${OUTPUT}" "#include \"postprocess/report/pages.h\"

namespace co2net {

const std::string_view ${NAME} = R\"co2net_page(${page})co2net_page\";

}  // namespace co2net
")
