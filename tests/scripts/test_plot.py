# SPDX-License-Identifier: GPL-2.0-only
"""Pictures that gnuplot draws."""

from xml.etree import ElementTree

from support import DirectoryTest
from xenfront import plot
from xenfront.errors import Failure


class Draw(DirectoryTest):
    def draw(self, name: str, text: str = "", command: str = "plot", height: float = 1.0) -> bytes:
        path = self.directory / name
        plot.draw(path, "400,300", f"set title said; {command} $line with lines title said",
                  {"said": text}, {"line": [(0, 0), (1, None), (2, height)]})
        return path.read_bytes()

    def test_the_same_makes_the_same_file(self) -> None:
        for name, start in (("a.png", b"\x89PNG\r\n\x1a\n"), ("a.svg", b"<?xml ")):
            with self.subTest(name):
                picture = self.draw(name)
                self.assertTrue(picture.startswith(start))
                self.assertEqual(picture, self.draw(name))
                self.assertNotEqual(picture, self.draw(name, height=2.0))

    def test_nothing_in_a_text_is_interpreted(self) -> None:
        for text in ("it's", "''", "'\"'", "a_{b}^c", "{", "`echo x`", "@text", "'@text", "a\\", "\\n",
                     '"', "%s", "#", "; quit", "two\nlines", "n\u00e4h"):
            with self.subTest(text):
                picture = ElementTree.fromstring(self.draw("a.svg", f"<{text}|"))
                said = ["".join(one.itertext()) for one in picture.findall(".//{*}text")]
                for line in f"<{text}|".splitlines():
                    self.assertEqual(said.count(line), 2)

    def test_failure_names_program_message_and_remedy(self) -> None:
        with self.assertRaisesRegex(Failure, "(?s)gnuplot.*invalid command.*scripts/setup"):
            self.draw("a.png", command="plod")
