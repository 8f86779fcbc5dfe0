import Structures

extension FieldTable: Container {}
