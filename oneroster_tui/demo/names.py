"""The demo room, names: what the invented people are called, and the usernames made of it.

Given and family names from many languages, combined at random: any likeness to a living person is chance. Some carry
accents, apostrophes, hyphens and blanks on purpose, because real rosters do.
"""

from __future__ import annotations

import unicodedata

_GIVEN_WORDS = """
Aaliyah Aaron Abdul Abigail Ada Adrian Aiko Aisha Alan Alejandro Alice Alina Amara Amina Amir Amy Ana Anders Andrea
Andrei Angela Anika Anna Anton Antonio Anya Arash Ariel Arjun Asha Astrid Ava Ayumi Beatriz Ben Bianca Björn Bruno
Camila Carlos Carmen Caroline Cedric Chen Chiara Chloe Chidi Clara Claude Colin Dalia Damian Daniel Daphne Darius
David Deepa Diana Diego Dmitri Dominic Dora Edgar Efua Elena Eli Elif Elsa Emeka Emil Emily Enzo Erik Esther Ethan
Eva Fabian Farah Fatima Felix Femi Fiona Flora Francis Freya Gabriel Gita Grace Greta Hana Hannah Haruto Hassan
Hector Helen Henrik Hiro Hugo Ian Ibrahim Ida Imani Ines Ingrid Irina Isaac Isla Ivan Ivy Jack Jada Jamal James Jana
Jasmine Javier Jin Joanna Jonas José Juan Julia June Kai Kamala Karim Kateryna Keiko Kenji Khalid Kiran Kofi Kwame
Lara Lars Layla Lena Leo Lila Lin Linh Liam Lola Lucia Lucy Luis Luka Mabel Magnus Maia Malik Manuel Mara Marco
Maria Mark Marta Mateo Maya Mei Mia Michael Mila Miriam Mohammed Nadia Naomi Nathan Nia Nikhil Nina Noah Nora Ola
Oleg Olga Olivia Omar Oscar Pablo Pat Paula Pedro Petra Phoebe Priya Quinn Rafael Rania Ravi Rebecca René Rosa Ruby
Ruth Sadia Sakura Salma Sam Sana Santiago Sara Sean Selma Seth Shirin Sienna Simon Sofia Sora Stefan Sunita Sven
Tala Tamar Tariq Tess Thandi Theo Thomas Tomasz Tuan Uma Valentina Vera Viktor Vikram Wanda Wei Wen Willa Xavier
Yara Yasmin Yuki Yusuf Zara Zoë Zofia
"""
GIVEN: tuple[str, ...] = (
    *_GIVEN_WORDS.split(),
    "Ana Sofía",
    "Jean-Luc",
    "Mary Ann",
    "Thi Mai",
)

_FAMILY_WORDS = """
Abara Abbasi Abe Achebe Adams Adeyemi Aguilar Ahmed Akande Akhtar Alami Albrecht Ali Almeida Alvarez Amari Andersen
Andrade Ansah Aoki Araújo Asante Aslan Avery Aydin Baker Bakshi Balogun Banerjee Barker Barros Bauer Becker Bello
Bennett Berg Bhatt Bianchi Blake Boateng Bondar Bose Bouchard Bradley Brandt Briggs Brown Bui Byrne Cabrera Campos
Cano Cardoso Carter Castillo Castro Chan Chandra Chang Chávez Chavan Chen Cho Christie Clarke Cohen Collins Conti
Correa Costa Cruz Dahl Dang Danso Das Davies Delgado Demir Desai Dhillon Diallo Díaz Dietrich Dinh Dlamini Dogan
Donnelly Duarte Dubois Dunn Duong Ebert Edwards Eklund Ellis Engel Eriksen Espinoza Evans Eze Farah Farouk Fedorov
Fernandes Ferrari Fischer Fitzgerald Flores Fontaine Foster Fraser Fuchs Fujita Gallagher Gandhi García Garnier
Ghosh Gibson Gill Gomes Gonzalez Gordon Grant Greco Gupta Gutierrez Haddad Hall Hamid Hansen Haque Hara Harris
Hashimoto Hassan Hayes Heller Hernández Herrera Hoang Hoffmann Holm Horvat Hossain Huang Hughes Hussein Huynh Ibarra
Ishikawa Islam Ito Ivanova Iyer Jackson Jain Jansen Jensen Jha Jiménez Johansson Jones Joshi Juarez Kaplan Kapoor
Karlsson Kato Kaur Kelly Khan Khumalo Kim Kimura Klein Koch Kovač Kowalski Kumar Kuznetsov Lambert Larsen Laurent
Lee Lehmann Lewis Liang Lim Lindgren Liu Lombardi Lopez Lund Luo Mahmoud Malik Marino Marsh Martin Mbeki Medina
Mehta Mendoza Mensah Meyer Miller Miranda Mishra Mitchell Mohamud Morales Moreau Moreno Morgan Mori Müller Murphy
Musa Nair Nakamura Navarro Ndiaye Nguyen Nielsen Nkosi Nowak Nunes Nwosu Obi Ochoa Okafor Okeke Olsen Ortega Osei
Owens Özdemir Pacheco Palmer Papadaki Park Patel Pereira Perez Peters Petrov Pham Pinto Popescu Price Quintero
Rahman Ramírez Rana Rao Reddy Reid Reyes Ribeiro Ricci Rios Roberts Rojas Romano Rossi Roy Ruiz Saito Salazar Salim
Sanchez Santos Sato Schmidt Schneider Seck Sengupta Shah Sharma Shaw Sherwood Silva Singh Smith Sokolov Soto Stewart
Suleiman Suzuki Svensson Takahashi Tan Tanaka Taylor Tembo Thapa Torres Tran Traoré Turner Udo Usman Valdez Vargas
Varga Vega Verma Vidal Vo Wagner Walker Wang Watanabe Weber White Winter Wong Wright Wu Yadav Yamada Yang Yilmaz
Young Yusuf Zapata Zhang Zhou Ziegler
"""
FAMILY: tuple[str, ...] = (
    *_FAMILY_WORDS.split(),
    "D'Angelo",
    "De la Cruz",
    "El-Sayed",
    "O'Brien",
    "O'Connor",
    "Smith-Okoro",
    "Van den Berg",
)


def ascii_name(name: str) -> str:
    """A name as it stands in a username: ASCII letters and digits only, lower case (`De la Cruz` -> `delacruz`)."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return "".join(letter for letter in plain.lower() if letter.isalnum())


def free_username(given: str, family: str, used: set[str]) -> str:
    """`given.family`, with the smallest free number behind it on a clash; the answer is added to `used`."""
    wanted = f"{ascii_name(given)}.{ascii_name(family)}"
    username, number = wanted, 1
    while username in used:
        number += 1
        username = f"{wanted}{number}"
    used.add(username)
    return username
