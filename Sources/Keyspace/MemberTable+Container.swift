import Structures

extension MemberTable: Container {}
